import type { EventLog, Ingested, ParsedEvent } from './event.js';
import type { EventCatalogue } from './event-catalogue.js';
import type { LearnedProperty } from './event-type.js';
import type { RejectedEvents, RejectedFilter } from './rejected-events.js';

export interface IngestDeps {
  readonly log: EventLog;
  readonly catalogueOf: (tenantId: string) => Promise<EventCatalogue>;
  readonly rejected: RejectedEvents;
  /** Notes what events in learn mode have. Never rejects. */
  readonly learn: (tenantId: string, properties: readonly LearnedProperty[]) => Promise<void>;
  /** Hands over what is committed to whoever lets everything else follow. Nobody waits for it. */
  readonly came: (tenantId: string, customerIds: readonly string[]) => void;
  readonly parse: (inputs: readonly unknown[], now: number) => readonly ParsedEvent[];
  readonly now: () => number;
}

/** Answers in the order of the inputs, after the commit. */
export async function ingest(deps: IngestDeps, tenantId: string, inputs: readonly unknown[]): Promise<readonly Ingested[]> {
  const { log, catalogueOf, rejected, learn, came, parse, now } = deps;
  const receivedAt = now();
  const parsed = parse(inputs, receivedAt);
  const catalogue = await catalogueOf(tenantId);
  const judged = parsed.map(it => ('event' in it ? catalogue.judge(it.event) : it));
  const events = judged.flatMap(it => ('event' in it ? [it.event] : []));
  const rejections = judged.flatMap((fault, i) => ('event' in fault ? [] : [{ input: inputs[i], fault }]));
  const { fresh, erased, customerIds } = events.length === 0 ? nothing : await log.append(tenantId, events, receivedAt);
  if (customerIds.length > 0) came(tenantId, customerIds);
  if (rejections.length > 0) await rejected.keep(tenantId, rejections, receivedAt);
  const learned = catalogue.toLearn(events.filter(it => !erased.has(it.id)));
  if (learned.length > 0) await learn(tenantId, learned);
  return answersTo(judged, { fresh: new Set(fresh), erased });
}

const nothing = { fresh: new Set<string>(), erased: new Set<string>(), customerIds: [] };

/** As many as `ingest` takes at once. */
const resentAtOnce = 1000;

/** Sends rejected events once more, as they came. Those that are taken now are no longer kept. */
export async function resend(deps: IngestDeps, tenantId: string, filter: RejectedFilter): Promise<readonly Ingested[]> {
  const kept = await deps.rejected.list(tenantId, filter, { first: resentAtOnce });
  const results = await ingest(deps, tenantId, kept.map(it => JSON.parse(it.body) as unknown));
  await deps.rejected.remove(tenantId, kept.filter((_, i) => results[i]?.status !== 'REJECTED').map(it => it.seq));
  return results;
}

function answersTo(parsed: readonly ParsedEvent[], { fresh, erased }: { readonly fresh: Set<string>; readonly erased: ReadonlySet<string> }): readonly Ingested[] {
  return parsed.map(it => {
    if (!('event' in it)) return { status: 'REJECTED', code: 'INVALID_INPUT', ...it };
    const { id } = it.event;
    if (erased.has(id)) return { status: 'REJECTED', code: 'ERASED', id, pointer: '/customerId', expected: 'a customer who has not been erased', got: 'text' };
    return { id, status: fresh.delete(id) ? 'ACCEPTED' : 'DUPLICATE', ...it.warning };
  });
}

export type Ingest = (tenantId: string, inputs: readonly unknown[]) => Promise<readonly Ingested[]>;

export interface IngestSummary {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly Ingested[];
}

export function summaryOf(results: readonly Ingested[]): IngestSummary {
  const count = (status: Ingested['status']): number => results.filter(it => it.status === status).length;
  return { accepted: count('ACCEPTED'), duplicates: count('DUPLICATE'), rejected: count('REJECTED'), results };
}
