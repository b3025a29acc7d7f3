import { describe, expect, it } from '@jest/globals';
import { mostDecisions, parseImport } from '../../../src/decisions/import/import-decisions.schema.js';
import { stableUuidv7 } from '../../../src/decisions/import/stable-id.js';
import { isUuidv7, timeOfUuidv7 } from '../../../src/kernel/ids.js';

const decidedAt = '2019-11-24T00:01:03.979Z';
const at = Date.parse(decidedAt);
const decision = {
  id: stableUuidv7(at, 'bts-shoes 2'),
  decidedAt,
  customerId: 'visitor-1',
  attributes: { user_feature_0: 'x' },
  context: { position: 1 },
  itemId: 'a',
  position: 1,
  propensity: 0.25,
  outcomes: [{ id: 'o1', kind: 'IMPRESSION', at: decidedAt }],
};
const input = { log: 'bts-shoes', placementId: 'bts-shoes', candidateItemIds: ['a', 'b'], decisions: [decision] };
const withDecision = (part: object): object => ({ ...input, decisions: [decision, { ...decision, ...part }] });

describe('parseImport', () => {
  it('takes a batch, with times in epoch milliseconds', () => {
    expect(parseImport(input).decisions[0]).toMatchObject({ decidedAt: at, outcomes: [{ kind: 'impression', value: null, at }] });
  });

  it.each([
    ['the name of the own log', { ...input, log: 'live' }, '/log'],
    ['a candidate named twice', { ...input, candidateItemIds: ['a', 'a'] }, '/candidateItemIds'],
    ['an item that was no candidate', withDecision({ itemId: 'c' }), '/decisions/1/itemId'],
    ['an id that is no UUIDv7', withDecision({ id: 'x' }), '/decisions/1/id'],
    ['an id of another time', withDecision({ id: stableUuidv7(at + 1, 'x') }), '/decisions/1/id'],
    ['a propensity of 0', withDecision({ propensity: 0 }), '/decisions/1/propensity'],
    ['a propensity above 1', withDecision({ propensity: 1.01 }), '/decisions/1/propensity'],
    ['a propensity that is not a number', withDecision({ propensity: Number.NaN }), '/decisions/1/propensity'],
    ['an unknown kind of outcome', withDecision({ outcomes: [{ id: 'o', kind: 'smile', at: decidedAt }] }), '/decisions/1/outcomes/0/kind'],
    ['a context that is no object', withDecision({ context: 'x' }), '/decisions/1/context'],
  ])('refuses %s', (_case, wrong, path) => {
    expect(() => parseImport(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', details: { path } }));
  });

  it('refuses more decisions than a batch may have', () => {
    const many = Array.from({ length: mostDecisions + 1 }, () => decision);
    expect(() => parseImport({ ...input, decisions: many })).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED', details: { path: '/decisions' } }));
  });
});

describe('stableUuidv7', () => {
  it('is a UUIDv7 of the time, the same for the same name and another for every other', () => {
    const ids = Array.from({ length: 20_000 }, (_, n) => stableUuidv7(at, `bts-shoes ${n}`));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every(it => isUuidv7(it) && timeOfUuidv7(it) === at)).toBe(true);
    expect(stableUuidv7(at, 'bts-shoes 7')).toBe(ids[7]);
  });
});
