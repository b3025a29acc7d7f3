/** Where outcomes were left off, in the order in which they came in. */
export interface LessonCursor {
  readonly receivedAt: Date;
  readonly id: string;
}

export type Lesson =
  /** Somebody else is teaching this tenant's bandits at this moment. */
  | { readonly kind: 'busy' }
  | {
      readonly kind: 'learned';
      /** Placements whose posteriors have changed, with their new versions. */
      readonly placements: readonly { readonly placementId: string; readonly version: number }[];
      /** Undefined where none are left. */
      readonly next: LessonCursor | undefined;
    };

/** Turns outcomes into what bandits know. */
export interface Lessons {
  /** Tenants with outcomes that have not been learned from. */
  waiting(): Promise<readonly string[]>;
  /**
   * Learns from the next outcomes after `from`, in one transaction: each counts once, whatever fails when.
   * An outcome whose decision is not in the log yet is passed over; it waits for the next time.
   */
  next(tenantId: string, from: LessonCursor | undefined): Promise<Lesson>;
}
