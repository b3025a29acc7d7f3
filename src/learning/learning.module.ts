import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Snapshots } from '../decisions/snapshot/snapshots.js';
import { posteriorTopic, type Bus } from '../platform/bus.js';
import { Learner } from './learner.js';
import { PostgresLessons } from './lessons.postgres.js';

export interface LearningDeps {
  readonly pool: Pool;
  readonly bus: Pick<Bus, 'publishMany'>;
  readonly logger: Logger;
  readonly snapshots: Pick<Snapshots, 'at'>;
}

export interface LearningModule {
  readonly learner: Learner;
}

export function learningModule({ pool, bus, logger, snapshots }: LearningDeps): LearningModule {
  const learner = new Learner({
    lessons: new PostgresLessons(pool, snapshots),
    announce: (tenantId, placements) => bus.publishMany(placements.map(it => ({ topic: posteriorTopic(tenantId), message: { ...it } }))),
    onFailure: error => { logger.error({ err: error }, 'Outcomes cannot be learned from; trying again'); },
  });
  return { learner };
}
