import { describe, expect, it } from '@jest/globals';
import type { Consents } from '../../../src/customers/consent.js';
import { strangerRecord, type OnlineRecord } from '../../../src/customers/online-record.js';
import { decodeBody, encodeBody } from '../../../src/decisions/decision-record.js';
import type { DecisionAnswer } from '../../../src/decisions/decision.js';
import { stateOf } from '../../../src/decisions/pipeline/facts.js';
import { finish } from '../../../src/decisions/pipeline/finish.js';
import { modelFor, prepare } from '../../../src/decisions/pipeline/prepare.js';
import { replay } from '../../../src/decisions/replay.js';
import type { TenantConfiguration } from '../../../src/decisions/snapshot/snapshot.js';
import { behavioursOf } from '../../../src/conditions/behaviour.js';
import type { Condition } from '../../../src/conditions/condition.js';
import { feature, hero, noon, request, rule, shop } from '../shop.js';

const exclude = (id: string, category: string, when: Condition) => rule(id, { when, items: { item: { name: 'category', operator: 'equals', value: category } } });
const greedy = { ...hero, policy: { kind: 'greedy' } } as const;

/** Keen customers are not shown shoes; those in `close` are not shown winter things. */
const guarded: Partial<TenantConfiguration> = {
  attributes: [{ name: 'city', description: '', valueType: 'string', personal: false, purposes: ['ads'] }],
  features: [feature('score', { purposes: ['profiling'] }), feature('free')],
  segments: [
    { id: 'local', name: '', description: '', condition: { attribute: { name: 'city', operator: 'equals', value: 'Ulm' } } },
    { id: 'close', name: '', description: '', purposes: ['mail'], condition: { inSegment: 'local' } },
  ],
  placements: [greedy],
  ruleSets: [{
    id: 'main', name: '', rules: [
      exclude('keen', 'shoes', { feature: { name: 'score', operator: 'greaterThan', value: 0.5 } }),
      exclude('near', 'winter', { inSegment: 'close' }),
      exclude('far', 'winter', { not: { inSegment: 'close' } }),
    ],
  }],
};

const ada: OnlineRecord = {
  customerId: 'ada', known: true, version: 1, attributes: { city: 'Ulm' }, segments: ['close', 'local'], consents: {},
  features: { score: { value: 0.9, at: noon }, free: { value: 1, at: noon } },
};
const granted = (...purposes: readonly string[]): Consents => Object.fromEntries(purposes.map(it => [it, { granted: true }]));

function decide(consents: Consents, more: Partial<TenantConfiguration> = {}, record: OnlineRecord = ada) {
  const { snapshot, placement } = shop({ ...guarded, ...more });
  const state = stateOf({ ...record, consents }, 'current', placement, request());
  const prepared = prepare(request(), state, snapshot, placement);
  return { snapshot, state, prepared, answer: finish(prepared, { source: 'priority' }) };
}
const dropped = ({ candidates }: DecisionAnswer): readonly unknown[] => candidates.flatMap(it => (it.dropped ? [it.dropped.code] : []));

describe('what a customer does not consent to', () => {
  it('is missing: no rule sees it, neither its presence nor its absence, and the decision names it', () => {
    const { state, answer } = decide({});
    expect(dropped(answer)).toEqual([]);
    expect(state).toMatchObject({ features: {}, segments: [] });
    expect(state.withheld).toEqual([{ kind: 'FEATURE', name: 'score', purpose: 'profiling' }, { kind: 'SEGMENT', name: 'close', purpose: 'ads' }]);
  });

  it('counts for what is made from it: a segment needs the purposes of all that its condition reads', () => {
    expect(decide(granted('mail')).state.withheld).toContainEqual({ kind: 'SEGMENT', name: 'close', purpose: 'ads' });
    expect(decide(granted('ads')).state.withheld).toContainEqual({ kind: 'SEGMENT', name: 'close', purpose: 'mail' });
    const { state, answer } = decide(granted('ads', 'mail'));
    expect(state.withheld).toEqual([{ kind: 'FEATURE', name: 'score', purpose: 'profiling' }]);
    expect(dropped(answer)).toEqual(['near']);
  });

  it('is used when all is granted, until the consent ends', () => {
    const all = granted('ads', 'mail', 'profiling');
    expect(dropped(decide(all).answer)).toEqual(['keen', 'keen', 'near']);
    expect(decide(all).state.withheld).toBeUndefined();
    const until = (end: number): Consents => ({ ...all, profiling: { granted: true, until: end } });
    expect(dropped(decide(until(noon + 1)).answer)).toEqual(['keen', 'keen', 'near']);
    expect(dropped(decide(until(noon)).answer)).toEqual(['near']);
  });

  it('is not named where there is nothing to withhold', () => {
    expect(decide({}, {}, strangerRecord('ada')).state.withheld).toEqual([{ kind: 'SEGMENT', name: 'close', purpose: 'ads' }]);
    expect(decide({}, { features: [feature('score')], ruleSets: [], segments: [] }).state.withheld).toBeUndefined();
  });

  it('is the behaviour too that events tell of, in rules and in segments', () => {
    const did: Condition = { did: { event: 'purchase', atLeast: 1, within: 'P30D' } };
    const often: Condition = { did: { event: 'purchase', atLeast: 5, within: 'P30D' } };
    const seen: Condition = { did: { event: 'page_view', atLeast: 1 } };
    const configured = {
      eventPurposes: new Map([['purchase', ['profiling']]]),
      segments: [{ id: 'buyers', name: '', description: '', condition: did }],
      ruleSets: [{ id: 'main', name: '', rules: [exclude('not', 'shoes', { or: [{ not: did }, often] }), exclude('seen', 'winter', seen), exclude('in', 'winter', { not: { inSegment: 'buyers' } })] }],
    };
    const counts = Object.fromEntries([did, seen].flatMap(it => behavioursOf(it)).map(({ key }) => [key, { value: 0, at: noon }]));
    const record = { ...ada, segments: [], features: counts };
    const { state, answer } = decide({}, configured, record);
    expect(state.withheld).toEqual([{ kind: 'BEHAVIOUR', name: 'purchase', purpose: 'profiling' }, { kind: 'SEGMENT', name: 'buyers', purpose: 'profiling' }]);
    expect(Object.keys(state.features)).toEqual(behavioursOf(seen).map(it => it.key));
    expect(dropped(answer)).toEqual([]);
    const allowed = decide(granted('profiling'), configured, record);
    expect(allowed.state.withheld).toBeUndefined();
    expect(dropped(allowed.answer)).toEqual(['not', 'not', 'in']);
  });

  it('is not given to a model, and a model that is not consented to does not score', () => {
    const models = [{ id: 'taste', name: '', description: '', runtime: 'onnx' as const, artifact: '0'.repeat(64), output: 'p', purposes: ['scoring'], inputs: [{ source: 'feature' as const, name: 'score', missing: -1, transform: { kind: 'number' as const, scale: 1, offset: 0 } }] }];
    const placements = [{ ...greedy, scorer: { kind: 'model' as const, modelId: 'taste' } }];
    const without = decide({}, { models, placements });
    expect(modelFor(without.prepared, without.snapshot)).toBeUndefined();
    expect(without.state.withheld).toContainEqual({ kind: 'MODEL', name: 'taste', purpose: 'scoring' });
    const withModel = decide(granted('scoring'), { models, placements });
    expect(modelFor(withModel.prepared, withModel.snapshot)?.model.id).toBe('taste');
    expect(withModel.prepared.read.facts.features).toEqual({});
  });

  it('is in the log, whose replay is the same to the last digit', () => {
    const { snapshot, state, answer } = decide(granted('ads'));
    const logged = { tenantId: 'acme', request: request(), state, scores: { source: 'priority' as const }, snapshotVersion: 1, answer, times: { gather: 0, rules: 0, score: 0, total: 0 } };
    const { id, customerId, placementId, decidedAt } = request();
    const read = decodeBody({ id, customerId, placementId, decidedAt, tenantId: 'acme', snapshotVersion: 1 }, encodeBody(logged));
    expect(read.state.withheld).toEqual(state.withheld);
    expect(replay(read, snapshot).identical).toBe(true);
  });
});

describe('experiments', () => {
  it('assign a customer who was merged as before', () => {
    const arms = [{ id: 'a', name: 'a', weight: 0.5 }, { id: 'b', name: 'b', weight: 0.5 }];
    const experiments = [{ id: 'x', name: 'x', hypothesis: '', seed: 'x', placementId: 'hero', status: 'running' as const, coverage: 1, arms }];
    const armOf = (customerId: string, unit?: string): unknown => {
      const { snapshot, placement } = shop({ experiments });
      const asked = request({ customerId });
      return prepare(asked, stateOf({ ...ada, unit }, 'current', placement, asked), snapshot, placement).assignments[0]?.armId;
    };
    const ids = Array.from({ length: 50 }, (_, i) => `c${i}`);
    expect(new Set(ids.map(it => armOf(it))).size).toBe(2);
    expect(new Set(ids.map(it => armOf(it, 'first'))).size).toBe(1);
  });
});
