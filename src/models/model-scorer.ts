import type { ModelDefinition } from './model.js';

/** Runs registered models. Rows of calls that overlap in time share a batch. */
export interface ModelScorer {
  /**
   * One score a row, in their order.
   * @param rows row-major [count, widthOf(model.inputs)]
   * @param timeoutMs the caller's share of its deadline
   * @throws DependencyUnavailable where the runtime fails, or has not answered in time
   */
  score(tenantId: string, model: ModelDefinition, rows: Float32Array, count: number, timeoutMs: number): Promise<Float32Array>;
}
