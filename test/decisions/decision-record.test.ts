import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CandidateOutcome, Scores } from '../../src/decisions/decision.js';
import { decodeBody, encodeBody, type DecisionRecord } from '../../src/decisions/decision-record.js';
import { item, request, state } from './shop.js';

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map(it => it + 0);
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 });
const drop = fc.record({ stage: fc.constantFrom('candidates' as const, 'rules' as const), code: name, reason: name });
const survivor: fc.Arbitrary<CandidateOutcome> = fc.record({ itemId: name, score: number, boost: fc.constantFrom(1, 1, 2.5), propensity: fc.option(number), dropped: fc.constant(null) });
const dropped: fc.Arbitrary<CandidateOutcome> = fc.record({ itemId: name, score: fc.constant(null), boost: fc.constant(1), propensity: fc.constant(0), dropped: drop });

const records = fc
  .record({
    candidates: fc.array(fc.oneof(survivor, dropped), { maxLength: 12 }),
    areRaw: fc.boolean(),
    slate: fc.array(fc.record({ itemId: name, position: fc.integer({ min: 1, max: 5 }), propensity: number }), { maxLength: 3 }),
    assignments: fc.array(fc.record({ experimentId: name, armId: fc.option(name), holdout: fc.boolean() }), { maxLength: 2 }),
    features: fc.dictionary(name, fc.record({ value: fc.oneof(number, name, fc.boolean(), fc.array(name, { maxLength: 2 })), at: fc.integer({ min: 0 }) }), { maxKeys: 4 }),
    items: fc.option(fc.constant([item('own')]), { nil: undefined }),
    source: fc.constantFrom('model', 'bandit', 'priority', 'unavailable'),
    more: fc.record(
      { unit: name, withheld: fc.array(fc.record({ kind: fc.constantFrom('FEATURE' as const, 'SEGMENT' as const), name, purpose: name }), { minLength: 1, maxLength: 2 }), segments: fc.array(name, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    times: fc.record({ gather: number, rules: number, score: number, total: number }),
  })
  .map(({ candidates, areRaw, slate, assignments, features, items, source, more, times }): DecisionRecord => {
    const values = candidates.flatMap(({ score }) => (score === null ? [] : [areRaw ? score : score / 2 + 1]));
    const scores: Scores =
      source === 'model' ? { source, modelId: 'm', values } : source === 'bandit' ? { source, posteriorVersion: 3, values } : { source: source === 'priority' ? 'priority' : 'unavailable' };
    return {
      tenantId: 'acme', snapshotVersion: 4, request: request({ ...(items && { items }) }), state: state({ features, ...more }), scores, times,
      answer: {
        slate, selectedItemId: slate[0]?.itemId ?? null, propensity: 0.5, confidence: 0.25, explored: false, reasoning: 'so', level: 'FULL',
        alternativeItemIds: ['x'], assignments, candidates,
      },
    };
  });

describe('the body of a record', () => {
  it('gives back every digit of what went in', () => {
    fc.assert(
      fc.property(records, record => {
        const { id, customerId, placementId, decidedAt } = record.request;
        const back = decodeBody({ tenantId: 'acme', snapshotVersion: 4, id, customerId, placementId, decidedAt }, encodeBody(record));
        expect(back).toEqual(record);
      }),
      { numRuns: 500 },
    );
  });

  it('has no line break, which separates bodies on their way into the database', () => {
    fc.assert(fc.property(records, record => { expect(encodeBody(record)).not.toContain('\n'); }));
  });
});
