import type { Condition } from '../conditions/condition.js';

/** A named set of customers: by a condition, or a list that is kept by hand. */
export interface Segment {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Absent for a static list. May read attributes, features and other segments, not context or items. */
  readonly condition?: Condition | undefined;
  /** Decisions ask for membership only of customers who consent to all of them, and to those of all that the condition reads. */
  readonly purposes?: readonly string[] | undefined;
}
