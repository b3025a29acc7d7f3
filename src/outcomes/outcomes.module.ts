import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { PresentIds } from '../customers/customer.js';
import type { DecisionLog } from '../decisions/decision-log.js';
import type { HttpRoutes } from '../graphql/http-route.js';
import type { Metrics } from '../platform/metrics.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { PostgresOutcomeStore } from './outcome-store.postgres.js';
import { outcomeRoutes } from './outcomes.http.js';
import { OutcomesResolver } from './outcomes.resolver.js';

export interface OutcomesDeps {
  readonly pool: Pool;
  readonly decisions: Pick<DecisionLog, 'find'>;
  readonly presentIds: PresentIds;
  readonly metrics: Pick<Metrics, 'countImpressions' | 'countConversions'>;
  /** Told after each commit: there is something to learn. */
  readonly onAccepted: (tenantId: string) => void;
}

export interface OutcomesModule {
  readonly resolvers: readonly object[];
  readonly routes: readonly HttpRoutes[];
}

export function outcomesModule({ pool, decisions, presentIds, metrics, onAccepted }: OutcomesDeps): OutcomesModule {
  const recorder = new OutcomeRecorder({
    decisions,
    presentIds,
    store: new PostgresOutcomeStore(pool),
    pause: sleep,
    onAccepted: (tenantId, { firstImpressions, conversions, value }) => {
      metrics.countImpressions(firstImpressions);
      metrics.countConversions(conversions, value);
      onAccepted(tenantId);
    },
  });
  return { resolvers: [new OutcomesResolver(recorder)], routes: [outcomeRoutes(recorder)] };
}
