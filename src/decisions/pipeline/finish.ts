import { seededRandom } from '../../kernel/random.js';
import type { DecisionAnswer, DecisionLevel, RankedItem, Scores } from '../decision.js';
import { distribution } from '../exploration/distribution.js';
import { rankSlate } from '../exploration/rank-slate.js';
import type { Prepared } from './prepare.js';
import { reasonFor } from './reasoning.js';

const alternativesShown = 3;

/** The stages explore and compose. Pure: `seed` of the request is the only chance in it. */
export function finish(prepared: Prepared, scores: Scores): DecisionAnswer {
  const { request, candidates, survivors, policy } = prepared;
  if (survivors.length === 0) return withoutChoice(prepared);
  const raw = rawScores(prepared, scores);
  const final = boosted(survivors, raw, candidates.boosts);
  const probabilities = distribution(policy, final);
  const ranked = rankSlate(policy, final, Math.min(request.limit, survivors.length), seededRandom(request.seed));
  const slate = ranked.map(({ index, propensity }, i): RankedItem => ({ itemId: itemIdOf(prepared, index), position: i + 1, propensity }));
  const order = bestFirst(final, ranked.length + alternativesShown);
  const first = ranked[0]?.index ?? 0;
  const explored = first !== order[0];
  const estimated = scores.source === 'model' || scores.source === 'bandit';
  const confidence = estimated ? clip(raw[first] ?? 0) : 0;
  const level = levelOf(prepared, scores);
  const shown = new Set(ranked.map(({ index }) => index));
  return {
    slate,
    selectedItemId: slate[0]?.itemId ?? null,
    propensity: slate[0]?.propensity ?? 1,
    confidence,
    explored,
    reasoning: reasonFor(prepared, { explored, confidence, level, selected: candidates.items[survivors[first] ?? 0] }),
    level,
    alternativeItemIds: order.filter(index => !shown.has(index)).slice(0, alternativesShown).map(index => itemIdOf(prepared, index)),
    assignments: prepared.assignments,
    candidates: outcomes(prepared, final, probabilities),
  };
}

/** Before boosts. Without estimates, candidates count by the editors' order: n, n - 1, ... 1 of n, divided by n. */
function rawScores({ survivors }: Prepared, scores: Scores): readonly number[] {
  if (scores.source === 'model' || scores.source === 'bandit') return scores.values;
  return survivors.map((_, i) => (survivors.length - i) / survivors.length);
}

function levelOf({ state, read }: Prepared, scores: Scores): DecisionLevel {
  if (state.source === 'none') return 'RULES_ONLY';
  if (scores.source === 'unavailable') return 'NO_MODEL';
  return state.source === 'stale' || read.stale.length > 0 ? 'STALE_FEATURES' : 'FULL';
}

function boosted(survivors: readonly number[], raw: readonly number[], boosts: readonly number[]): readonly number[] {
  return survivors.map((candidate, i) => (raw[i] ?? 0) * (boosts[candidate] ?? 1));
}

/** Indexes of the `count` best by falling score; equal scores keep their order, as the policies have it. */
function bestFirst(scores: readonly number[], count: number): readonly number[] {
  const best: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? 0;
    let at = best.length;
    while (at > 0 && (scores[best[at - 1] ?? 0] ?? 0) < score) at--;
    if (at >= count) continue;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}

function outcomes({ candidates, survivors }: Prepared, final: readonly number[], probabilities: readonly number[]): DecisionAnswer['candidates'] {
  let next = 0;
  return candidates.items.map(({ item }, i) => {
    const dropped = candidates.drops[i] ?? null;
    const survivor = survivors[next] === i ? next++ : undefined;
    return {
      itemId: item.id,
      score: survivor === undefined ? null : (final[survivor] ?? null),
      boost: candidates.boosts[i] ?? 1,
      propensity: survivor === undefined ? 0 : (probabilities[survivor] ?? 0),
      dropped,
    };
  });
}

function withoutChoice(prepared: Prepared): DecisionAnswer {
  const fallback = prepared.placement.fallback?.id ?? null;
  return {
    slate: fallback === null ? [] : [{ itemId: fallback, position: 1, propensity: 1 }],
    selectedItemId: fallback,
    propensity: 1,
    confidence: 0,
    explored: false,
    reasoning: reasonFor(prepared, { explored: false, confidence: 0, level: 'DEFAULT', selected: undefined }),
    level: 'DEFAULT',
    alternativeItemIds: [],
    assignments: prepared.assignments,
    candidates: outcomes(prepared, [], []),
  };
}

const itemIdOf = ({ candidates, survivors }: Prepared, index: number): string => candidates.items[survivors[index] ?? 0]?.item.id ?? '';
const clip = (value: number): number => Math.min(1, Math.max(0, value));
