import type { Pool } from 'pg';
import { behavioursOf } from '../../conditions/behaviour.js';
import { readsOf, type Condition, type Facts } from '../../conditions/condition.js';
import { explainCondition, type ExplainedBy } from '../../conditions/explain.js';
import { personalAmong } from '../../customers/attribute.js';
import type { OnlineRecordSource } from '../../customers/online-records.js';
import { compute, planOf, readStored } from '../../features/recount.postgres.js';
import type { FeatureDefinition } from '../../features/feature.js';
import type { Clock } from '../../kernel/clock.js';
import { answered, inTransaction } from '../../platform/postgres.js';
import { factsOf, type CompiledSegments } from '../compiled-segments.js';
import type { Segment } from '../segment.js';
import { nodesOf, type MembershipExplanation } from './membership-explanation.js';

export interface ExplainerDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly source: OnlineRecordSource;
  readonly segmentsOf: (tenantId: string) => Promise<CompiledSegments>;
}

/** Undefined where the tenant does not know the customer. */
export type ExplainMembership = (tenantId: string, customerId: string, segment: Segment) => Promise<MembershipExplanation | undefined>;

interface Row {
  readonly segment_id: string;
  readonly since: Date;
  readonly expires_at: Date | null;
}

const membershipsSql = `
  SELECT segment_id, since, expires_at FROM segment_members
  WHERE tenant_id = $1 AND customer_id = COALESCE((SELECT customer_id FROM customer_aliases WHERE tenant_id = $1 AND alias = $2), $2)`;

/** Explains from the truth, at this instant. */
export function membershipExplainer({ pool, clock, source, segmentsOf }: ExplainerDeps): ExplainMembership {
  return async (tenantId, customerId, segment) => {
    const now = clock.now();
    const [compiled, [record], { rows }] = await Promise.all([
      segmentsOf(tenantId),
      source.load(tenantId, [customerId]),
      answered(pool.query<Row>(membershipsSql, [tenantId, customerId])),
    ]);
    if (record === undefined) return undefined;
    const memberships = new Map(rows.map(it => [it.segment_id, it]));
    const { from } = compiled;
    const facts = factsOf(record, { definitions: from.features, segments: new Set(record.segments), now });
    const valueChanges = await valueChangesAt({ pool, tenantId, customerId: record.customerId, now }, namesIn(segment, from.segments), compiled.recounted);
    const byTime = timesOf({ segments: from.segments, facts, memberships, by: { blind: from.blind, personal: personalAmong(from.attributes), ...valueChanges } });
    const explained = segment.condition && explainCondition(segment.condition, facts, byTime.by);
    return {
      isMember: memberships.has(segment.id),
      since: memberships.get(segment.id)?.since.getTime(),
      changesAt: explained === undefined ? byTime.changesAt(segment.id) : explained.changesAt,
      nodes: explained === undefined ? [] : nodesOf(explained),
    };
  };
}

interface Around {
  readonly segments: readonly Segment[];
  readonly facts: Facts;
  readonly memberships: ReadonlyMap<string, Row>;
  readonly by: ExplainedBy;
}

/** When time alone changes memberships: of a list when the customer's time on it ends, of a condition when that changes. */
function timesOf({ segments, facts, memberships, by }: Around): { readonly by: ExplainedBy; readonly changesAt: (segmentId: string) => number | undefined } {
  const conditions = new Map(segments.map(it => [it.id, it.condition]));
  const changesAt = (segmentId: string): number | undefined => {
    const condition = conditions.get(segmentId);
    return condition === undefined ? memberships.get(segmentId)?.expires_at?.getTime() : explainCondition(condition, facts, whole).changesAt;
  };
  const whole: ExplainedBy = { ...by, membershipChangesAt: changesAt };
  return { by: whole, changesAt };
}

/** What the segment's condition and those that it rests on read of what is counted. */
function namesIn({ id, condition }: Segment, all: readonly Segment[]): ReadonlySet<string> {
  const byId = new Map(all.map(it => [it.id, it.condition]));
  byId.set(id, condition);
  const reached = new Set([id]);
  const conditions: Condition[] = [];
  for (const it of reached) {
    const found = byId.get(it);
    if (found === undefined) continue;
    conditions.push(found);
    for (const next of readsOf(found).segments) reached.add(next);
  }
  return new Set([...readsOf(...conditions).features, ...behavioursOf(...conditions).map(it => it.key)]);
}

interface Whose {
  readonly pool: Pool;
  readonly tenantId: string;
  readonly customerId: string;
  readonly now: number;
}

/** Each value is counted apart, so that it is known which of them changes when; what is derived from others changes with any of them. */
async function valueChangesAt(
  { pool, tenantId, customerId, now }: Whose,
  names: ReadonlySet<string>,
  definitions: readonly FeatureDefinition[],
): Promise<Pick<ExplainedBy, 'countChangesAt' | 'featureChangesAt'>> {
  const read = definitions.filter(it => names.has(it.name) && (it.aggregate !== undefined || it.expression !== undefined));
  const times = await answered(inTransaction(pool, async client => {
    const stored = await readStored(client, tenantId, [customerId]);
    const found = new Map<string, number>();
    for (const definition of read) {
      const plan = planOf(definition.expression === undefined ? [definition] : definitions);
      const dueAt = (await compute(client, tenantId, { plan, customerIds: [customerId], now }, stored)).get(customerId)?.dueAt;
      if (dueAt !== undefined) found.set(definition.name, dueAt);
    }
    return found;
  }));
  return { featureChangesAt: name => times.get(name), countChangesAt: key => times.get(key) };
}
