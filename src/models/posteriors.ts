/** Posteriors of one placement, solved and ready to score with. Immutable. */
export interface PlacementPosteriors {
  /** Grows with each update of any arm; 0 before the first. */
  readonly version: number;
  /**
   * Upper confidence score of an arm for a context vector [1, features...]: mean + alpha * width.
   * An arm that has never been tried is scored from the prior alone.
   */
  score(arm: string, x: Float64Array): number;
  /** Posterior mean alone. */
  mean(arm: string, x: Float64Array): number;
}
