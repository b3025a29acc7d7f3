import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { BanditSpec } from '../content/placement.js';
import { personalAmong } from '../customers/attribute.js';
import type { BlindsOf } from '../customers/keys.module.js';
import type { CustomerById } from '../customers/customer.loader.js';
import type { CustomerChanged } from '../customers/customer-changed.js';
import type { OnlineRecords } from '../customers/online-records.js';
import type { HttpRoutes } from '../graphql/http-route.js';
import type { Clock } from '../kernel/clock.js';
import { uuidv7 } from '../kernel/ids.js';
import type { ModelScorer } from '../models/model-scorer.js';
import type { PlacementPosteriors } from '../models/posteriors.js';
import { configTopic, customerTopic, type Bus } from '../platform/bus.js';
import type { Config } from '../platform/config.js';
import type { Metrics } from '../platform/metrics.js';
import type { HashIds } from '../platform/tombstones.js';
import type { ConfigurationChanged, Definitions } from '../tenants/definitions.js';
import { CandidatesResolver } from './candidates.resolver.js';
import { Contributions } from './contributions.js';
import { PostgresDecisionLog } from './decision-log.postgres.js';
import { Decisions } from './decisions.js';
import { decisionRoutes } from './decisions.http.js';
import { DecisionsResolver } from './decisions.resolver.js';
import { DecisionUpdatesResolver } from './live/decision-updates.resolver.js';
import { LiveFeed } from './live/live-feed.js';
import { Personalizer } from './personalizer.js';
import { parseConfiguration } from './snapshot/configuration.schema.js';
import { Snapshots } from './snapshot/snapshots.js';

export interface DecisionsDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly config: Pick<Config, 'decisionDeadlineMs' | 'decisionLogCapacity' | 'decisionLogPatienceMs'>;
  readonly definitions: Definitions;
  readonly blindsOf: BlindsOf;
  readonly hashing: HashIds;
  readonly customers: Pick<OnlineRecords, 'read'>;
  readonly customerById: CustomerById;
  readonly scorer: ModelScorer;
  readonly posteriors: (tenantId: string, placementId: string, spec: BanditSpec) => PlacementPosteriors;
  /** Calls back when a placement has learned and its posteriors are the new ones. */
  readonly onLearned: (listener: (tenantId: string, placementId: string) => void) => void;
}

export interface DecisionsModule {
  readonly resolvers: readonly object[];
  readonly routes: readonly HttpRoutes[];
  readonly log: PostgresDecisionLog;
  readonly personalizer: Personalizer;
  readonly snapshots: Snapshots;
  readonly feed: LiveFeed;
}

export function decisionsModule(deps: DecisionsDeps): DecisionsModule {
  const { pool, bus, clock, logger, metrics, config, definitions } = deps;
  const log = new PostgresDecisionLog(pool, {
    capacity: config.decisionLogCapacity,
    patienceMs: config.decisionLogPatienceMs,
    hashing: deps.hashing,
    onFailure: error => { logger.error({ err: error }, 'The decision log cannot be written; decisions wait in memory'); },
  });
  const snapshots = new Snapshots({
    definitions,
    async parse(tenantId, configuration) {
      const parsed = parseConfiguration(tenantId, configuration);
      return { ...parsed, blind: await deps.blindsOf(tenantId, personalAmong(parsed.attributes ?? [])) };
    },
    follow: (tenantId, listener) =>
      bus.subscribe(configTopic(tenantId), event => listener(event.kind === 'message' ? (event.message as unknown as ConfigurationChanged) : undefined)),
    onFailure: error => { logger.error({ err: error }, 'The configuration could not be read again; the one before stays in use'); },
  });
  const personalizer = new Personalizer({
    snapshots,
    customers: deps.customers,
    scorer: deps.scorer,
    posteriors: deps.posteriors,
    log,
    now: () => clock.now(),
    stopwatch: () => performance.now(),
    newId: uuidv7,
    deadlineMs: config.decisionDeadlineMs,
    observe: ({ answer, times }) => {
      metrics.decisions.inc({ level: answer.level });
      metrics.decisionLatency.observe(times.total);
    },
  });
  const feed = liveFeed(deps, personalizer, snapshots);
  return {
    resolvers: [
      new DecisionsResolver(personalizer, new Decisions(log, snapshots), deps.customerById),
      new CandidatesResolver(new Contributions(deps)),
      new DecisionUpdatesResolver(feed),
    ],
    routes: [decisionRoutes(personalizer)],
    log,
    personalizer,
    snapshots,
    feed,
  };
}

function liveFeed({ bus, clock, logger, onLearned }: DecisionsDeps, personalizer: Personalizer, snapshots: Snapshots): LiveFeed {
  const feed = new LiveFeed({
    personalizer,
    snapshot: tenantId => snapshots.load(tenantId),
    followCustomer: (tenantId, customerId, listener) =>
      bus.subscribe(customerTopic(tenantId, customerId), event => {
        listener(event.kind === 'message' ? (event.message as unknown as CustomerChanged) : undefined);
      }),
    now: () => clock.now(),
    newId: uuidv7,
    onFailure: error => { logger.error({ err: error }, 'Open subscriptions could not be decided again; trying again'); },
  });
  snapshots.onChange((snapshot, change) => { feed.configurationChanged(snapshot, change); });
  onLearned((tenantId, placementId) => { feed.posteriorsChanged(tenantId, placementId); });
  return feed;
}
