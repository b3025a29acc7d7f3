import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Snapshots } from '../decisions/snapshot/snapshots.js';
import { posteriorTopic, type Bus } from '../platform/bus.js';
import { Learner } from './learner.js';
import { PostgresLessons } from './lessons.postgres.js';
import { PostgresLoggedDecisions } from './logged-decisions.postgres.js';
import { PolicyEvaluationResolver } from './policy-evaluation.resolver.js';
import { PolicyEvaluator } from './policy-evaluator.js';

export interface LearningDeps {
  readonly pool: Pool;
  readonly bus: Pick<Bus, 'publishMany'>;
  readonly logger: Logger;
  readonly snapshots: Pick<Snapshots, 'at' | 'load'>;
}

export interface LearningModule {
  readonly resolvers: readonly object[];
  readonly learner: Learner;
}

export function learningModule({ pool, bus, logger, snapshots }: LearningDeps): LearningModule {
  const learner = new Learner({
    lessons: new PostgresLessons(pool, snapshots),
    announce: (tenantId, placements) => bus.publishMany(placements.map(it => ({ topic: posteriorTopic(tenantId), message: { ...it } }))),
    onFailure: error => { logger.error({ err: error }, 'Outcomes cannot be learned from; trying again'); },
  });
  const evaluator = new PolicyEvaluator(new PostgresLoggedDecisions(pool), snapshots);
  return { resolvers: [new PolicyEvaluationResolver(evaluator)], learner };
}
