import type { Pool } from 'pg';
import type { PointInTime } from '../../features/history/point-in-time.js';
import type { HttpRoutes } from '../../graphql/http-route.js';
import { PostgresTrainingDecisions } from './training-decisions.postgres.js';
import { TrainingSets, type TrainingSetsDeps } from './training-set.js';
import { trainingSetRoutes } from './training-set.http.js';

export interface TrainingSetModuleDeps {
  readonly pool: Pool;
  readonly pointInTime: PointInTime;
  readonly snapshots: TrainingSetsDeps['snapshots'];
}

export function trainingSetModule({ pool, pointInTime, snapshots }: TrainingSetModuleDeps): { readonly routes: readonly HttpRoutes[] } {
  return { routes: [trainingSetRoutes(new TrainingSets({ decisions: new PostgresTrainingDecisions(pool), pointInTime, snapshots }))] };
}
