import { compileItem } from '../snapshot/compile-placement.js';
import type { DecisionRequest, Drop } from '../decision.js';
import type { CompiledItem, CompiledPlacement } from '../snapshot/snapshot.js';
import type { MovingFacts } from './facts.js';

/** Candidates on their way through the pipeline; index by index the same in all four. */
export interface Candidates {
  readonly items: readonly CompiledItem[];
  readonly facts: CompiledPlacement['facts'];
  /** Null while it survives. */
  readonly drops: (Drop | null)[];
  readonly boosts: number[];
}

const drops = {
  notYet: { stage: 'candidates', code: 'NOT_STARTED', reason: 'Its schedule has not begun.' },
  over: { stage: 'candidates', code: 'ENDED', reason: 'Its schedule is over.' },
  notAccepted: { stage: 'candidates', code: 'NOT_ACCEPTED', reason: 'The placement does not accept it.' },
} as const satisfies Record<string, Drop>;

/** The placement's candidates, or the request's own items in the order given; those that are off now are dropped. */
export function findCandidates(request: DecisionRequest, placement: CompiledPlacement, facts: MovingFacts): Candidates {
  const items = request.items?.map(compileItem) ?? placement.candidates;
  return {
    items,
    facts: request.items === undefined ? placement.facts : items.map(it => it.facts),
    drops: items.map(item => whyNot(item, placement, facts)),
    boosts: items.map(() => 1),
  };
}

function whyNot({ startsAt, endsAt, facts: item }: CompiledItem, { accepts }: CompiledPlacement, facts: MovingFacts): Drop | null {
  if (startsAt > facts.now) return drops.notYet;
  if (endsAt <= facts.now) return drops.over;
  if (accepts === undefined) return null;
  facts.item = item;
  return accepts(facts) === true ? null : drops.notAccepted;
}
