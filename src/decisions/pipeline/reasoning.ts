import type { DecisionLevel } from '../decision.js';
import { reasoningFeatures } from '../snapshot/compile-placement.js';
import type { CompiledItem } from '../snapshot/snapshot.js';
import type { Prepared } from './prepare.js';

interface Choice {
  readonly explored: boolean;
  readonly confidence: number;
  readonly level: DecisionLevel;
  readonly selected: CompiledItem | undefined;
}

/** Why, in words. */
export function reasonFor(prepared: Prepared, choice: Choice): string {
  return withoutEstimate(prepared, choice) ?? fromProfile(prepared, choice);
}

function withoutEstimate({ scorer, policy, state, placement }: Prepared, { explored, level }: Choice): string | undefined {
  if (level === 'DEFAULT') return placement.fallback ? 'Nothing else was eligible: the fallback of the placement' : 'Nothing was eligible';
  if (explored) return 'Chosen by chance, to learn how it is received';
  if (level === 'NO_MODEL' || level === 'RULES_ONLY') return "The editors' order, since no estimate was to be had";
  if (scorer.kind === 'priority') return "The editors' order";
  if (policy.kind === 'uniform') return 'Chosen by chance, all alike';
  return state.known ? undefined : 'Best overall match for a first visit';
}

/** By the thresholds of the design: engagement over 0.7, monetary score over 0.6 for a product, confidence over 0.8. */
function fromProfile({ read }: Prepared, { confidence, selected }: Choice): string {
  const { features } = read.facts;
  const reasons = [
    above(features[reasoningFeatures.engagement], 0.7) && 'high customer engagement',
    selected?.item.type === 'product' && above(features[reasoningFeatures.monetary], 0.6) && 'strong purchase intent',
    confidence > 0.8 && 'high prediction confidence',
  ].filter(reason => reason !== false);
  return `Selected due to ${reasons.length > 0 ? reasons.join(', ') : 'best overall match based on customer profile'}`;
}

const above = (value: unknown, threshold: number): boolean => typeof value === 'number' && value > threshold;
