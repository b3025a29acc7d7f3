import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PolicySpec } from '../../../src/content/placement.js';
import type { DecisionAnswer, Scores } from '../../../src/decisions/decision.js';
import { finish } from '../../../src/decisions/pipeline/finish.js';
import { prepare } from '../../../src/decisions/pipeline/prepare.js';
import type { TenantConfiguration } from '../../../src/decisions/snapshot/snapshot.js';
import { hero, item, noon, request, rule, shop, state } from '../shop.js';

const byOrder: Scores = { source: 'priority' };

function decide(
  more: Partial<TenantConfiguration>,
  { asked = request(), known = state(), scores = byOrder } = {},
): DecisionAnswer {
  const { snapshot, placement } = shop(more);
  return finish(prepare(asked, known, snapshot, placement), scores);
}

const greedy = { ...hero, policy: { kind: 'greedy' } } as const;
const modelled = (...values: readonly number[]): Scores => ({ source: 'model', modelId: 'clicks', values });
const dropsOf = (answer: DecisionAnswer): Record<string, string> =>
  Object.fromEntries(answer.candidates.flatMap(({ itemId, dropped }) => (dropped ? [[itemId, dropped.code]] : [])));

describe('candidates', () => {
  it("keep the editors' order where nothing is estimated", () => {
    const answer = decide({ placements: [greedy] });
    expect(answer.selectedItemId).toBe('boots');
    expect(answer.alternativeItemIds).toEqual(['sandals', 'scarf']);
    expect(answer.confidence).toBe(0);
  });

  it('are dropped outside their schedule, with the reason', () => {
    const items = [
      item('soon', { startsAt: new Date(noon + 1).toISOString() }),
      item('over', { endsAt: new Date(noon).toISOString() }),
      item('on', { startsAt: new Date(noon).toISOString(), endsAt: new Date(noon + 1).toISOString() }),
    ];
    const answer = decide({ items });
    expect(answer.selectedItemId).toBe('on');
    expect(dropsOf(answer)).toEqual({ soon: 'NOT_STARTED', over: 'ENDED' });
  });

  it('are those that the placement accepts, or the items of the request', () => {
    const accepts = { item: { name: 'category', operator: 'equals', value: 'winter' } } as const;
    const placements = [{ ...greedy, accepts }];
    expect(decide({ placements }).candidates.map(it => it.itemId)).toEqual(['scarf']);
    const own = decide({ placements }, { asked: request({ items: [item('skis', { category: 'winter' }), item('kayak')] }) });
    expect(own.selectedItemId).toBe('skis');
    expect(dropsOf(own)).toEqual({ kayak: 'NOT_ACCEPTED' });
  });
});

describe('rules', () => {
  const inWinter = { item: { name: 'category', operator: 'equals', value: 'winter' } } as const;
  const isVip = { attribute: { name: 'vip', operator: 'equals', value: true } } as const;
  const ruled = (effect: 'exclude' | 'require' | 'boost', factor?: number) => ({
    placements: [greedy],
    ruleSets: [{ id: 'main', name: 'Main', rules: [rule('vip', { effect, when: isVip, items: inWinter, factor })] }],
  });

  it('exclude what they are about where they hold, and not where the fact is missing', () => {
    expect(dropsOf(decide(ruled('exclude'), { known: state({ attributes: { vip: true } }) }))).toEqual({ scarf: 'vip' });
    expect(dropsOf(decide(ruled('exclude')))).toEqual({});
  });

  it('require what they are about to hold, and drop where the fact is missing', () => {
    expect(dropsOf(decide(ruled('require'), { known: state({ attributes: { vip: true } }) }))).toEqual({});
    expect(dropsOf(decide(ruled('require')))).toEqual({ scarf: 'vip' });
  });

  it('know of no membership, in or out, where nothing could be read of the customer', () => {
    const outside = { not: { inSegment: 'members' } } as const;
    const ruleSets = [{ id: 'main', name: 'Main', rules: [rule('strangers', { effect: 'exclude', when: outside, items: inWinter })] }];
    expect(dropsOf(decide({ ruleSets }, { known: state({ segments: [] }) }))).toEqual({ scarf: 'strangers' });
    expect(dropsOf(decide({ ruleSets }, { known: state({ source: 'none', known: false }) }))).toEqual({});
  });

  it('boost scores, and say by how much', () => {
    const answer = decide(ruled('boost', 10), { known: state({ attributes: { vip: true } }), scores: modelled(0.4, 0.3, 0.2) });
    expect(answer.selectedItemId).toBe('scarf');
    expect(answer.candidates.find(it => it.itemId === 'scarf')).toMatchObject({ boost: 10, score: 2 });
    expect(answer.confidence).toBe(0.2);
  });

  it('mean the same for items of the request as for those of the placement', () => {
    const { snapshot } = shop();
    const known = state({ attributes: { vip: true } });
    for (const effect of ['exclude', 'require', 'boost'] as const) {
      const own = decide(ruled(effect, 3), { known });
      const sent = decide(ruled(effect, 3), { known, asked: request({ items: [...snapshot.items.values()] }) });
      expect(sent).toEqual(own);
    }
  });

  it('leave the fallback, or nothing, where they drop everything', () => {
    const rules = [rule('nobody', { when: { context: { name: 'hour', operator: 'equals', value: 12 } } })];
    const ruleSets = [{ id: 'main', name: 'Main', rules }];
    expect(decide({ ruleSets })).toMatchObject({ selectedItemId: null, slate: [], level: 'DEFAULT', propensity: 1 });
    expect(decide({ ruleSets, placements: [{ ...hero, fallbackItemId: 'scarf' }] })).toMatchObject({ selectedItemId: 'scarf', level: 'DEFAULT', propensity: 1 });
  });
});

describe('assignment', () => {
  const experiment = {
    id: 'model-or-order', name: '', hypothesis: '', placementId: 'hero', status: 'running', coverage: 1, seed: 'm1',
    arms: [
      { id: 'control', name: 'Control', weight: 0.5 },
      { id: 'uniform', name: 'Uniform', weight: 0.5, policy: { kind: 'uniform' } },
    ],
  } as const;

  it('lets an arm change the policy, for the same customers every time', () => {
    const arms = Array.from({ length: 200 }, (_, i) => decide({ placements: [greedy], experiments: [experiment] }, { asked: request({ customerId: `c${i}` }) }));
    const uniform = arms.filter(it => it.assignments[0]?.armId === 'uniform');
    const standardError = Math.sqrt(200 * 0.25);
    expect(Math.abs(uniform.length - 100)).toBeLessThan(4 * standardError);
    for (const answer of arms) {
      const expected = answer.assignments[0]?.armId === 'uniform' ? 1 / 3 : 1;
      expect(answer.candidates.find(it => it.itemId === answer.selectedItemId)?.propensity).toBeCloseTo(expected, 12);
    }
  });

  it("gives held-out customers the editors' order, whatever the arms say", () => {
    const placements = [{ ...hero, policy: { kind: 'uniform' }, holdout: 0.5 }] as const;
    const answers = Array.from({ length: 200 }, (_, i) => decide({ placements, experiments: [experiment] }, { asked: request({ customerId: `c${i}` }) }));
    const heldOut = answers.filter(it => it.assignments[0]?.holdout === true);
    expect(Math.abs(heldOut.length - 100)).toBeLessThan(4 * Math.sqrt(200 * 0.25));
    for (const answer of heldOut) expect(answer).toMatchObject({ selectedItemId: 'boots', propensity: 1, assignments: [{ armId: null }] });
  });
});

describe('levels', () => {
  it.each([
    ['NO_MODEL', state(), { source: 'unavailable' }],
    ['RULES_ONLY', state({ source: 'none', known: false }), { source: 'unavailable' }],
    ['STALE_FEATURES', state({ source: 'stale' }), modelled(0.1, 0.2, 0.3)],
    ['STALE_FEATURES', state({ features: { engagement_score: { value: 1, at: noon - 2 * 86_400_000 } } }), modelled(0.1, 0.2, 0.3)],
    ['FULL', state({ features: { engagement_score: { value: 1, at: noon } } }), modelled(0.1, 0.2, 0.3)],
  ] as const)('are said: %s', (level, known, scores) => {
    expect(decide({ placements: [greedy] }, { known, scores }).level).toBe(level);
  });
});

describe('reasoning', () => {
  it.each([
    ['high customer engagement', { engagement_score: 0.8 }, 0.5],
    ['strong purchase intent', { monetary_score: 0.7 }, 0.5],
    ['high prediction confidence', {}, 0.9],
    ['best overall match based on customer profile', { engagement_score: 0.7, monetary_score: 0.6 }, 0.8],
  ] as const)('names %s', (words, features, score) => {
    const readings = Object.fromEntries(Object.entries(features).map(([name, value]) => [name, { value, at: noon }]));
    const placements = [{ ...greedy, scorer: { kind: 'model', modelId: 'clicks' } }] as const;
    const answer = decide({ placements }, { known: state({ features: readings }), scores: modelled(score, 0, 0) });
    expect(answer.reasoning).toBe(`Selected due to ${words}`);
  });
});

describe('propensities', () => {
  const policies: readonly PolicySpec[] = [
    { kind: 'uniform' }, { kind: 'greedy' }, { kind: 'epsilonGreedy', epsilon: 0.1 }, { kind: 'epsilonGreedy', epsilon: 1 },
  ];

  it('sum to 1 over all candidates, those dropped having none', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...policies),
        fc.array(fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), out: fc.boolean() }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (policy, all, limit, seed) => {
          const items = all.map(({ out }, i) => item(`i${i}`, { priority: -i, category: out ? 'out' : 'in' }));
          const ruleSets = [{ id: 'r', name: '', rules: [rule('out', { when: { item: { name: 'category', operator: 'equals', value: 'out' } } })] }];
          const left = all.filter(({ out }) => !out);
          const answer = decide({ items, ruleSets, placements: [{ ...hero, policy }] }, { asked: request({ limit, seed }), scores: modelled(...left.map(it => it.score)) });
          const sum = answer.candidates.reduce((total, { propensity }) => total + (propensity ?? 0), 0);
          expect(sum).toBeCloseTo(left.length === 0 ? 0 : 1, 12);
          for (const { dropped, propensity } of answer.candidates) if (dropped !== null) expect(propensity).toBe(0);
          expect(answer.slate).toHaveLength(Math.min(limit, left.length));
          expect(new Set(answer.slate.map(it => it.itemId)).size).toBe(answer.slate.length);
          for (const { propensity } of answer.slate) expect(propensity).toBeGreaterThan(0);
          const selected = answer.candidates.find(it => it.itemId === answer.selectedItemId);
          if (selected !== undefined) expect(answer.propensity).toBe(selected.propensity);
        },
      ),
    );
  });

  it.each(policies)('are the frequencies with which $kind serves, over seeds', policy => {
    const draws = 20_000;
    const { snapshot, placement } = shop({ placements: [{ ...hero, policy }] });
    const counts = new Map<string, number>();
    let propensities = new Map<string, number | null>();
    for (let seed = 0; seed < draws; seed++) {
      const answer = finish(prepare(request({ seed: Math.imul(seed, 0x9e3779b1) >>> 0 }), state(), snapshot, placement), modelled(0.2, 0.5, 0.3));
      counts.set(answer.selectedItemId ?? '', (counts.get(answer.selectedItemId ?? '') ?? 0) + 1);
      propensities = new Map(answer.candidates.map(it => [it.itemId, it.propensity]));
    }
    for (const [id, logged] of propensities) {
      const propensity = logged ?? Number.NaN;
      const standardError = Math.sqrt((propensity * (1 - propensity)) / draws);
      expect(Math.abs((counts.get(id) ?? 0) / draws - propensity)).toBeLessThanOrEqual(4 * standardError);
    }
  });
});
