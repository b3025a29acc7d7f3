import { describe, expect, it } from '@jest/globals';
import { strangerRecord } from '../../../src/customers/online-record.js';
import { stateOf } from '../../../src/decisions/pipeline/facts.js';
import { finish } from '../../../src/decisions/pipeline/finish.js';
import { prepare } from '../../../src/decisions/pipeline/prepare.js';
import type { DecisionRequest } from '../../../src/decisions/decision.js';
import { replay } from '../../../src/decisions/replay.js';
import { feature, noon, request, rule, shop } from '../shop.js';

const { snapshot, placement } = shop({
  features: [
    feature('battery', { kind: 'contextual' }),
    feature('network', { kind: 'contextual', valueType: 'string', defaultValue: 'wifi', purposes: ['profiling'] }),
  ],
  ruleSets: [{
    id: 'main', name: '', rules: [
      rule('low', { when: { feature: { name: 'battery', operator: 'lessThan', value: 10 } } }),
      rule('wifi', { when: { feature: { name: 'network', operator: 'equals', value: 'mobile' } } }),
    ],
  }],
});
const decide = (context: DecisionRequest['context'], consents = {}, known = true) => {
  const asked = request({ context });
  const record = known ? { ...strangerRecord('ada'), known: true, version: 1, consents } : undefined;
  const state = stateOf(record, known ? 'current' : 'none', placement, asked);
  const prepared = prepare(asked, state, snapshot, placement);
  return { asked, state, facts: prepared.read.facts.features, answer: finish(prepared, { source: 'priority' }) };
};

describe('a contextual feature', () => {
  it('is read from the context of the request, in its type, for as long as the decision lasts', () => {
    const { asked, state, facts, answer } = decide({ battery: 5 });
    expect(state.features).toEqual({ battery: { value: 5, at: noon } });
    expect(facts).toEqual({ battery: 5, network: 'wifi' });
    expect(answer.candidates.every(it => it.dropped !== null)).toBe(true);
    const record = { tenantId: 'acme', request: asked, state, scores: { source: 'priority' as const }, snapshotVersion: 1, answer, times: { gather: 0, rules: 0, score: 0, total: 0 } };
    expect(replay(record, snapshot).identical).toBe(true);
  });

  it('is missing where the request lacks it, or gives another type', () => {
    expect(decide({}).facts).toEqual({ network: 'wifi' });
    expect(decide({ battery: '5', constructor: 1 }).facts).toEqual({ network: 'wifi' });
  });

  it('is there for somebody of whom nothing could be read', () => {
    expect(decide({ battery: 5 }, {}, false).facts).toEqual({ battery: 5, network: 'wifi' });
  });

  it('is withheld where its purpose is not granted', () => {
    expect(decide({ network: 'mobile' }).state.withheld).toEqual([{ kind: 'FEATURE', name: 'network', purpose: 'profiling' }]);
    expect(decide({ network: 'mobile' }, {}, false).state.features).toEqual({});
    expect(decide({ network: 'mobile' }, { profiling: { granted: true } }).facts).toEqual({ network: 'mobile' });
  });
});
