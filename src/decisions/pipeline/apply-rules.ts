import type { CompiledPlacement, CompiledRule } from '../snapshot/snapshot.js';
import type { Candidates } from './candidates.js';
import type { MovingFacts } from './facts.js';

/** Lets each rule of the placement drop or boost the candidates that still survive. The first rule that drops one is its reason. */
export function applyRules(candidates: Candidates, placement: CompiledPlacement, facts: MovingFacts): void {
  const ownItems = candidates.items === placement.candidates;
  for (const rule of placement.rules) {
    const mask = ownItems ? rule.mask : undefined;
    if (rule.whenReadsItem) applyByItem(rule, mask, candidates, facts);
    else if (takesEffect(rule, rule.when(facts) === true)) applyToAll(rule, mask, candidates, facts);
  }
}

const takesEffect = ({ rule }: CompiledRule, holds: boolean): boolean => (rule.effect === 'require' ? !holds : holds);

function applyToAll(rule: CompiledRule, mask: Uint8Array | undefined, candidates: Candidates, facts: MovingFacts): void {
  candidates.items.forEach((item, i) => {
    if (candidates.drops[i] !== null) return;
    facts.item = item.facts;
    if (isAbout(rule, mask, i, facts)) apply(rule, candidates, i);
  });
}

function applyByItem(rule: CompiledRule, mask: Uint8Array | undefined, candidates: Candidates, facts: MovingFacts): void {
  candidates.items.forEach((item, i) => {
    if (candidates.drops[i] !== null) return;
    facts.item = item.facts;
    if (isAbout(rule, mask, i, facts) && takesEffect(rule, rule.when(facts) === true)) apply(rule, candidates, i);
  });
}

/** Whether the rule is about candidate `i`. `mask` is the rule's, where the candidates are the placement's own. */
function isAbout({ items }: CompiledRule, mask: Uint8Array | undefined, i: number, facts: MovingFacts): boolean {
  if (mask !== undefined) return mask[i] === 1;
  return items === undefined || items(facts) === true;
}

function apply({ rule, drop }: CompiledRule, candidates: Candidates, i: number): void {
  if (rule.effect === 'boost') candidates.boosts[i] = (candidates.boosts[i] ?? 1) * (rule.factor ?? 1);
  else candidates.drops[i] = drop;
}
