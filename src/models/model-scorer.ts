import type { ModelDefinition } from './model.js';

/** Runs registered models. Rows of calls that overlap in time share a batch. */
export interface ModelScorer {
  /**
   * One score a row, in their order.
   * @throws DependencyUnavailable where the runtime fails, or has not answered in time
   */
  score(tenantId: string, batch: ScoreBatch): Promise<Float32Array>;
}

export interface ScoreBatch {
  readonly model: ModelDefinition;
  /** Row-major [count, widthOf(model.inputs)]. */
  readonly rows: Float32Array;
  readonly count: number;
  /** The caller's share of its deadline, in milliseconds. */
  readonly timeoutMs: number;
}
