import { behavioursOf } from '../../conditions/behaviour.js';
import { readsOf, type Condition, type Facts } from '../../conditions/condition.js';
import { explainCondition, type ExplainedBy } from '../../conditions/explain.js';
import { personalAmong } from '../../customers/attribute.js';
import type { OnlineRecordSource } from '../../customers/online-records.js';
import { factsOf, type CompiledSegments } from '../compiled-segments.js';
import type { KeptMembership } from '../memberships.js';
import type { Segment } from '../segment.js';
import { nodesOf, type MembershipExplanation } from './membership-explanation.js';

export interface ExplainerDeps {
  readonly source: OnlineRecordSource;
  readonly segmentsOf: (tenantId: string) => Promise<CompiledSegments>;
  readonly kept: (tenantId: string, customerId: string) => Promise<readonly KeptMembership[]>;
  /** When time alone changes values of the customer that are counted, in epoch milliseconds, by their names; without those that it does not change. */
  readonly valuesChangeAt: (tenantId: string, customerId: string, names: ReadonlySet<string>, now: number) => Promise<ReadonlyMap<string, number>>;
  readonly now: () => number;
}

/** Undefined where the tenant does not know the customer. */
export type ExplainMembership = (tenantId: string, customerId: string, segment: Segment) => Promise<MembershipExplanation | undefined>;

/** Explains from the truth, at this instant. */
export function membershipExplainer({ source, segmentsOf, kept, valuesChangeAt, now: clock }: ExplainerDeps): ExplainMembership {
  return async (tenantId, customerId, segment) => {
    const now = clock();
    const [{ from }, [record], rows] = await Promise.all([segmentsOf(tenantId), source.load(tenantId, [customerId]), kept(tenantId, customerId)]);
    if (record === undefined) return undefined;
    const memberships = new Map(rows.map(it => [it.segmentId, it]));
    const facts = factsOf(record, { definitions: from.features, segments: new Set(record.segments), now });
    const changes = await valuesChangeAt(tenantId, customerId, namesIn(segment, from.segments), now);
    const valueChangesAt = (name: string): number | undefined => changes.get(name);
    const by = { blind: from.blind, personal: personalAmong(from.attributes), featureChangesAt: valueChangesAt, countChangesAt: valueChangesAt };
    const byTime = timesOf({ segments: from.segments, facts, memberships, by });
    const explained = segment.condition && explainCondition(segment.condition, facts, byTime.by);
    return {
      isMember: memberships.has(segment.id),
      since: memberships.get(segment.id)?.since,
      changesAt: explained === undefined ? byTime.changesAt(segment.id) : explained.changesAt,
      nodes: explained === undefined ? [] : nodesOf(explained),
    };
  };
}

interface Around {
  readonly segments: readonly Segment[];
  readonly facts: Facts;
  readonly memberships: ReadonlyMap<string, KeptMembership>;
  readonly by: ExplainedBy;
}

/** When time alone changes memberships: of a list when the customer's time on it ends, of a condition when that changes. */
function timesOf({ segments, facts, memberships, by }: Around): { readonly by: ExplainedBy; readonly changesAt: (segmentId: string) => number | undefined } {
  const conditions = new Map(segments.map(it => [it.id, it.condition]));
  const changesAt = (segmentId: string): number | undefined => {
    const condition = conditions.get(segmentId);
    return condition === undefined ? memberships.get(segmentId)?.expiresAt : explainCondition(condition, facts, whole).changesAt;
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
