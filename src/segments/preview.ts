import type { Condition } from '../conditions/condition.js';
import { compileCondition, type Blind } from '../conditions/evaluate.js';
import type { OnlineRecord } from '../customers/online-record.js';
import { personalAmong } from '../customers/attribute.js';
import type { SegmentSurroundings } from './check-segment.js';
import { factsOf } from './compiled-segments.js';

export interface Preview {
  readonly count: number;
  /** Customers that were looked at. */
  readonly scanned: number;
  /** Whether they were all that there are. */
  readonly isComplete: boolean;
  /** Ids of the first members, in order. */
  readonly sample: readonly string[];
}

export interface PreviewDeps {
  readonly customerIds: (tenantId: string, page: { readonly first: number; readonly after: string | undefined }) => Promise<readonly string[]>;
  readonly load: (tenantId: string, customerIds: readonly string[]) => Promise<readonly OnlineRecord[]>;
  readonly now: () => number;
  readonly blindsOf: (tenantId: string, personal: ReadonlySet<string>) => Promise<Blind>;
}

/** A preview looks at this many customers at most, in the order of their ids. */
export const mostScanned = 20_000;
const pageSize = 1000;
const sampleSize = 20;

/** Who would be in a segment with this condition, from the truth as it is kept. */
export async function preview(
  deps: PreviewDeps,
  tenantId: string,
  condition: Condition,
  { features, attributes }: SegmentSurroundings,
): Promise<Preview> {
  const holds = compileCondition(condition, await deps.blindsOf(tenantId, personalAmong(attributes)));
  const isMember = (record: OnlineRecord): boolean =>
    holds(factsOf(record, { definitions: features, segments: new Set(record.segments), now: deps.now() })) === true;
  const sample: string[] = [];
  let [count, scanned] = [0, 0];
  let after: string | undefined;
  for (;;) {
    const ids = await deps.customerIds(tenantId, { first: pageSize, after });
    const records = ids.length === 0 ? [] : await deps.load(tenantId, ids);
    const members = new Set(records.filter(isMember).map(it => it.customerId));
    sample.push(...ids.filter(id => members.has(id)).slice(0, sampleSize - sample.length));
    count += members.size;
    scanned += ids.length;
    after = ids.at(-1);
    if (ids.length < pageSize) return { count, scanned, isComplete: true, sample };
    if (scanned >= mostScanned) return { count, scanned, isComplete: false, sample };
  }
}
