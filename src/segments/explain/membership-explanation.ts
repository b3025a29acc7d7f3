import type { Explanation } from '../../conditions/explain.js';

/** Why a customer is in a segment or not, and until when that holds by itself. */
export interface MembershipExplanation {
  /** As it is kept, which follows the truth within a second. */
  readonly isMember: boolean;
  /** Epoch milliseconds; undefined of those who are not in. */
  readonly since: number | undefined;
  /** When time alone may next change it, in epoch milliseconds; undefined where it does not. */
  readonly changesAt: number | undefined;
  /** The nodes of the condition, each before its parts; none of a list that is kept by hand. */
  readonly nodes: readonly Explanation[];
}

/** A node and all below it, in the order in which they are written. */
export function nodesOf(node: Explanation): readonly Explanation[] {
  return [node, ...node.parts.flatMap(nodesOf)];
}
