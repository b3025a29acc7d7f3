import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { behavioursOf } from '../../src/conditions/behaviour.js';
import type { Condition } from '../../src/conditions/condition.js';
import type { FeatureReading, FeatureValue } from '../../src/customers/online-record.js';
import { CompiledSegments, type CustomerTruth } from '../../src/segments/compiled-segments.js';
import { conditions, now, values } from '../conditions/arbitraries.js';
import { above, byHand, dynamic, number } from '../customers/shop.js';

const compiled = (segments: ConstructorParameters<typeof CompiledSegments>[1]['segments'], names: readonly string[]): CompiledSegments =>
  new CompiledSegments(1, { segments, features: names.map(it => number(it)), counts: [], attributes: [], blind: (_name, value) => value });
const readings = (all: Readonly<Record<string, FeatureValue>>): Record<string, FeatureReading> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, { value, at: now }]));

/** One thing that happens to a customer, and the time since the one before. */
interface Step {
  readonly what: 'attribute' | 'feature' | 'behaviour' | 'list' | 'nothing';
  readonly name: 'a' | 'b' | 'c';
  readonly value: FeatureValue | undefined;
  readonly afterMs: number;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.record({
  what: fc.constantFrom('attribute', 'feature', 'behaviour', 'list', 'nothing'),
  name: fc.constantFrom('a', 'b', 'c'),
  value: fc.option(values, { nil: undefined }),
  afterMs: fc.constantFrom(0, 1, 1000, 3_600_000, 86_399_000, 86_400_000),
}), { minLength: 1, maxLength: 8 });

const names = { a: 0, b: 1, c: 2 };
const independent = conditions.filter(it => !JSON.stringify(it).includes('inSegment'));

describe('segments, compiled', () => {
  it('work out by what has changed, and the time, what they would work out from everything', () => {
    let skipped = 0;
    fc.assert(fc.property(independent, fc.array(conditions, { minLength: 1, maxLength: 5 }), steps, (first, others, happens) => {
      const all: readonly Condition[] = [first, ...others];
      const segments = compiled([...others.map((it, i) => dynamic(`s${i}`, it)), byHand('vip'), dynamic('new', first)], ['a', 'b', 'c', 'constructor']);
      const keys = behavioursOf(...all).map(it => it.key);
      let at = now - 3_600_000;
      let truth: CustomerTruth = { attributes: {}, features: {}, listed: [] };
      let known = segments.membershipsOf(truth, at);
      for (const { what, name, value, afterMs } of happens) {
        at += afterMs;
        const [next, changed] = after(truth, what, what === 'behaviour' ? (keys[names[name] % Math.max(1, keys.length)] ?? 'did:none') : name, value);
        truth = next;
        const worked = segments.membershipsOf(truth, at, { segments: known.segments.filter(it => it !== 'vip'), changed, nextChange: known.nextChange });
        expect(worked.segments).toEqual(segments.membershipsOf(truth, at).segments);
        skipped += all.length - Math.min(all.length, worked.evaluated);
        known = worked;
      }
    }), { numRuns: 800, seed: 20 });
    expect(skipped).toBeGreaterThan(500);
  });

  it('evaluate only what reads something that has changed, and what follows from that', () => {
    const many = Array.from({ length: 300 }, (_, i) => dynamic(`s${i}`, above(`f${i}`, 0.5)));
    const more = [dynamic('recent', { attribute: { name: 'seen', operator: 'withinLast', value: 'P7D' } }), dynamic('either', { or: [{ inSegment: 's1' }, { inSegment: 's2' }] })];
    const segments = compiled([...many, ...more], many.map((_, i) => `f${i}`));
    const truth = (values: Readonly<Record<string, number>>): CustomerTruth => ({ attributes: { seen: now - 1 }, features: readings(values), listed: [] });
    const first = segments.membershipsOf(truth({}), now);
    expect(first).toEqual({ segments: ['recent'], evaluated: 302, nextChange: now - 1 + 7 * 86_400_000 });
    const known = { segments: first.segments, nextChange: first.nextChange };
    expect(segments.membershipsOf(truth({ f7: 1 }), now, { ...known, changed: ['FEATURE f7', 'ATTRIBUTE f8', 'FEATURE other'] })).toMatchObject({ segments: ['recent', 's7'], evaluated: 1 });
    expect(segments.membershipsOf(truth({ f1: 1 }), now, { ...known, changed: ['FEATURE f1'] })).toMatchObject({ segments: ['either', 'recent', 's1'], evaluated: 2 });
    expect(segments.membershipsOf(truth({ f1: 0 }), now, { ...known, changed: ['FEATURE f1'] })).toMatchObject({ segments: ['recent'], evaluated: 1, nextChange: first.nextChange });
    expect(segments.membershipsOf(truth({}), (first.nextChange ?? 0) - 1, { ...known, changed: [] })).toMatchObject({ segments: ['recent'], evaluated: 0 });
    expect(segments.membershipsOf(truth({}), first.nextChange ?? 0, { ...known, changed: [] })).toEqual({ segments: [], evaluated: 1, nextChange: undefined });
  });

  it('say why a membership is another one', () => {
    const did = { event: 'purchase', atLeast: 1 };
    const condition: Condition = { and: [above('score', 1), { attribute: { name: 'country', operator: 'exists' } }, { did }, { inSegment: 'vip' }] };
    const segments = compiled([dynamic('keen', condition), byHand('vip')], ['score']);
    const because = (...changed: readonly string[]): unknown => Object.values(segments.causeOf('keen', changed, 'TIME'));
    expect(because('FEATURE other', 'FEATURE score')).toEqual(['FEATURE', 'score']);
    expect(because('ATTRIBUTE country')).toEqual(['ATTRIBUTE', 'country']);
    expect(because(`FEATURE ${behavioursOf({ did })[0]?.key ?? ''}`)).toEqual(['BEHAVIOUR', 'purchase']);
    expect(because('SEGMENT vip', 'SEGMENT keen')).toEqual(['SEGMENT', 'vip']);
    expect(because('FEATURE other', 'SEGMENT keen')).toEqual(['TIME', null]);
    expect(segments.causeOf('vip', ['SEGMENT vip'], 'TIME')).toEqual({ kind: 'LIST', subject: null });
  });
});

function after(truth: CustomerTruth, what: Step['what'], name: string, value: FeatureValue | undefined): readonly [CustomerTruth, changed: readonly string[]] {
  const without = <T>(all: Readonly<Record<string, T>>): Record<string, T> => Object.fromEntries(Object.entries(all).filter(([it]) => it !== name));
  switch (what) {
    case 'attribute': return [{ ...truth, attributes: { ...without(truth.attributes), ...(value !== undefined && { [name]: value }) } }, [`ATTRIBUTE ${name}`]];
    case 'feature': return [{ ...truth, features: { ...without(truth.features), ...(value !== undefined && readings({ [name]: value })) } }, [`FEATURE ${name}`]];
    case 'behaviour': return [{ ...truth, features: { ...truth.features, ...readings({ [name]: typeof value === 'string' ? value.length : 0 }) } }, [`FEATURE ${name}`]];
    case 'list': return [{ ...truth, listed: value === undefined ? [] : ['vip'] }, ['SEGMENT vip']];
    case 'nothing': return [truth, []];
  }
}
