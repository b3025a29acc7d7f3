import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Scores } from '../../src/decisions/decision.js';
import { decodeBody, encodeBody, type DecisionRecord } from '../../src/decisions/decision-record.js';
import { finish } from '../../src/decisions/pipeline/finish.js';
import { prepare } from '../../src/decisions/pipeline/prepare.js';
import { replay } from '../../src/decisions/replay.js';
import { hero, item, noon, request, rule, shop, state } from './shop.js';

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const text = fc.string({ unit: 'grapheme', maxLength: 8 });

const cases = fc.record({
  scores: fc.array(number, { minLength: 3, maxLength: 3 }),
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  limit: fc.integer({ min: 1, max: 4 }),
  context: fc.dictionary(text, fc.oneof(number, text, fc.boolean()), { maxKeys: 3 }),
  engagement: number,
  customerId: text,
  decidedAt: fc.integer({ min: noon, max: noon + 1e10 }),
});

function throughTheLog(record: DecisionRecord): DecisionRecord {
  const { id, customerId, placementId, decidedAt } = record.request;
  return decodeBody({ tenantId: record.tenantId, snapshotVersion: record.snapshotVersion, id, customerId, placementId, decidedAt }, encodeBody(record));
}

describe('a replay', () => {
  const before = { placements: [{ ...hero, scorer: { kind: 'model', modelId: 'clicks' } } as const], version: 1 };

  it('equals the logged decision bit for bit, whatever the numbers', () => {
    fc.assert(
      fc.property(cases, ({ scores: values, seed, limit, context, engagement, customerId, decidedAt }) => {
        const { snapshot, placement } = shop(before);
        const asked = request({ seed, limit, context, customerId, decidedAt });
        const known = state({ features: { engagement_score: { value: engagement, at: noon } } });
        const scores: Scores = { source: 'model', modelId: 'clicks', values };
        const answer = finish(prepare(asked, known, snapshot, placement), scores);
        const times = { gather: 0.1, rules: 0.2, score: 0.3, total: 0.7 };
        const record = throughTheLog({ tenantId: 'acme', request: asked, state: known, scores, snapshotVersion: 1, answer, times });
        expect(replay(record, shop(before).snapshot).identical).toBe(true);
      }),
    );
  });

  const { snapshot, placement } = shop(before);
  const scores: Scores = { source: 'model', modelId: 'clicks', values: [0.2, 0.7, 0.1] };
  const asked = request({ seed: 1 });
  const record: DecisionRecord = {
    tenantId: 'acme', request: asked, state: state(), scores, snapshotVersion: 1,
    answer: finish(prepare(asked, state(), snapshot, placement), scores), times: { gather: 0, rules: 0, score: 0, total: 0 },
  };

  it('tells a configuration that would have answered otherwise', () => {
    const ruleSets = [{ id: 'r', name: '', rules: [rule('no-sandals', { when: { item: { name: 'id', operator: 'equals', value: 'sandals' } } })] }];
    const changed = replay({ ...record, scores: { ...scores, values: [0.2, 0.1] } }, shop({ ...before, ruleSets }).snapshot);
    expect(changed.identical).toBe(false);
    expect(changed.answer?.candidates.find(it => it.itemId === 'sandals')?.dropped?.code).toBe('no-sandals');
    expect(replay(record, shop({ ...before, items: [item('hat')] }).snapshot).identical).toBe(false);
  });

  it('tells a logged answer that is off by the last digit', () => {
    const forged = { ...record, answer: { ...record.answer, propensity: record.answer.propensity - 2 ** -53 } };
    expect(replay(forged, snapshot).identical).toBe(false);
  });
});
