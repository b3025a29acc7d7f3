import type { Pool } from 'pg';
import type { OnlineRecordSource } from '../../customers/online-records.js';
import { compute, planOf, readStored } from '../../features/recount.postgres.js';
import type { LoaderKey } from '../../graphql/loader-scope.js';
import type { Clock } from '../../kernel/clock.js';
import { answered, inTransaction } from '../../platform/postgres.js';
import type { CompiledSegments } from '../compiled-segments.js';
import type { Memberships } from '../memberships.js';
import type { Segment } from '../segment.js';
import { membershipExplainer, type ExplainerDeps } from './explain-membership.js';
import { ExplainMembershipResolver } from './explain-membership.resolver.js';

export interface ExplainDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly source: OnlineRecordSource;
  readonly segmentsOf: (tenantId: string) => Promise<CompiledSegments>;
  readonly memberships: Pick<Memberships, 'of'>;
  readonly segmentById: LoaderKey<string, Segment | null>;
}

export function explainModule({ pool, clock, source, segmentsOf, memberships, segmentById }: ExplainDeps): { readonly resolvers: readonly object[] } {
  const explain = membershipExplainer({
    source,
    segmentsOf,
    kept: (tenantId, customerId) => memberships.of(tenantId, customerId),
    valuesChangeAt: valuesChangeAt(pool, segmentsOf),
    now: () => clock.now(),
  });
  return { resolvers: [new ExplainMembershipResolver({ explain, segmentById })] };
}

const mergedSql = 'SELECT customer_id AS id FROM customer_aliases WHERE tenant_id = $1 AND alias = $2';

/** Each value is counted apart, so that it is known which of them changes when; what is derived from others changes with any of them. */
function valuesChangeAt(pool: Pool, segmentsOf: ExplainDeps['segmentsOf']): ExplainerDeps['valuesChangeAt'] {
  return async (tenantId, askedId, names, now) => {
    const { recounted } = await segmentsOf(tenantId);
    const read = recounted.filter(it => names.has(it.name) && (it.aggregate !== undefined || it.expression !== undefined));
    return answered(inTransaction(pool, async client => {
      const { rows: [merged] } = await client.query<{ id: string }>(mergedSql, [tenantId, askedId]);
      const customerId = merged?.id ?? askedId;
      const stored = await readStored(client, tenantId, [customerId]);
      const times = new Map<string, number>();
      for (const definition of read) {
        const plan = planOf(definition.expression === undefined ? [definition] : recounted);
        const dueAt = (await compute(client, tenantId, { plan, customerIds: [customerId], now }, stored)).get(customerId)?.dueAt;
        if (dueAt !== undefined) times.set(definition.name, dueAt);
      }
      return times;
    }));
  };
}
