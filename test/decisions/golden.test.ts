import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { CustomerState, DecisionAnswer, DecisionRequest, Scores } from '../../src/decisions/decision.js';
import { finish } from '../../src/decisions/pipeline/finish.js';
import { prepare } from '../../src/decisions/pipeline/prepare.js';
import { configuration, feature, hero, item, noon, request, rule, shop, state } from './shop.js';

interface Golden {
  readonly name: string;
  readonly request: DecisionRequest;
  readonly state: CustomerState;
  readonly scores: Scores;
  readonly answer: DecisionAnswer;
}

const file = path.join(import.meta.dirname, '../golden/decisions.json');

const setUp = {
  features: [...configuration().features, feature('age', { defaultValue: 0 })],
  items: [
    item('boots', { priority: 3, tags: ['winter'] }),
    item('sandals', { priority: 2, endsAt: '2026-02-01T00:00:00Z' }),
    item('scarf', { priority: 1, category: 'winter', tags: ['sale'] }),
    item('brandy', { category: 'spirits' }),
  ],
  placements: [{ ...hero, scorer: { kind: 'model', modelId: 'clicks' }, fallbackItemId: 'boots', holdout: 0.2 }],
  ruleSets: [{
    id: 'main', name: '', rules: [
      rule('adults', { effect: 'require', items: { item: { name: 'category', operator: 'equals', value: 'spirits' } }, when: { feature: { name: 'age', operator: 'greaterThan', value: 17 } } }),
      rule('sale-lovers', { effect: 'boost', factor: 1.5, items: { item: { name: 'tags', operator: 'contains', value: 'sale' } }, when: { inSegment: 'bargain-hunters' } }),
    ],
  }],
  experiments: [{
    id: 'uniform-or-not', name: '', hypothesis: '', placementId: 'hero', status: 'running', coverage: 0.5, seed: 'u',
    arms: [{ id: 'control', name: '', weight: 0.5 }, { id: 'uniform', name: '', weight: 0.5, policy: { kind: 'uniform' } }],
  }],
} as const;

const values = (...scores: readonly number[]): Scores => ({ source: 'model', modelId: 'clicks', values: scores });
const adult = state({ features: { age: { value: 30, at: noon } } });
const cases: readonly Omit<Golden, 'answer'>[] = [
  { name: 'a stranger', request: request({ customerId: 'stranger' }), state: state({ known: false }), scores: values(0.1, 0.2) },
  ...[1, 2, 3, 4, 5].map(seed => ({ name: `an adult, seed ${seed}`, request: request({ customerId: `adult-${seed}`, seed, limit: 2 }), state: adult, scores: values(0.3, 0.25, 0.9) })),
  { name: 'a bargain hunter', request: request({ customerId: 'bob' }), state: state({ segments: ['bargain-hunters'] }), scores: values(0.3, 0.25) },
  { name: 'without the model', request: request({ customerId: 'bob' }), state: state(), scores: { source: 'unavailable' } },
  { name: 'nothing to be read', request: request({ customerId: 'bob' }), state: state({ source: 'none', known: false }), scores: { source: 'unavailable' } },
  { name: "the caller's own items", request: request({ customerId: 'bob', items: [item('kayak'), item('gin', { category: 'spirits' })] }), state: state(), scores: values(0.5) },
  { name: 'nothing left', request: request({ customerId: 'bob', items: [item('gin', { category: 'spirits' })] }), state: state(), scores: { source: 'priority' } },
];

/** `EMIT_GOLDEN=1` writes them anew. A difference means that decisions of the past no longer replay to what was answered. */
describe('golden decisions', () => {
  const { snapshot, placement } = shop(setUp);
  const decided = cases.map((it): Golden => ({ ...it, answer: finish(prepare(it.request, it.state, snapshot, placement), it.scores) }));

  it('are decided as they always were, every digit of them', async () => {
    if (process.env['EMIT_GOLDEN'] === '1') await writeFile(file, `${JSON.stringify(decided, null, 1)}\n`);
    expect(JSON.parse(JSON.stringify(decided))).toEqual(JSON.parse(await readFile(file, 'utf8')));
  });

  it('show an arm, a holdout and exploration among them', () => {
    const answers = decided.map(it => it.answer);
    expect(answers.some(it => it.assignments.some(({ armId }) => armId === 'uniform'))).toBe(true);
    expect(answers.some(it => it.assignments.some(({ holdout }) => holdout))).toBe(true);
    expect(answers.some(it => it.explored)).toBe(true);
  });
});
