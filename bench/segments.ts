import type { Figure } from './figure.js';
import { microsecondsEach } from './measure.js';
import type { FeatureReading } from '../src/customers/online-record.js';
import type { FeatureDefinition } from '../src/features/feature.js';
import { CompiledSegments } from '../src/segments/compiled-segments.js';

const now = 1_770_000_000_000;
const features = 30;
const sizes = [10, 100, 1000] as const;

/** What a refresh spends on memberships when one feature has changed that one segment reads, beside evaluating all segments of the tenant. */
export function segmentFigures(): readonly Figure[] {
  return sizes.map(size => {
    const names = Array.from({ length: Math.max(features, size) }, (_, i) => `f${i}`);
    const definitions = names.map((name): FeatureDefinition => ({ name, description: '', valueType: 'number', ttlMs: 3_600_000 }));
    const segments = names.slice(0, size).map(name => ({ id: `s-${name}`, name, description: '', condition: { feature: { name, operator: 'greaterThan', value: 0.5 } } as const }));
    const compiled = new CompiledSegments(1, { segments, features: definitions.slice(0, features), counts: [], attributes: [], blind: (_name, value) => value });
    const valuesOf = (value: number): Record<string, FeatureReading> => ({ f0: { value, at: now } });
    const truths = [0.1, 0.9].map(value => ({ attributes: {}, features: valuesOf(value), listed: [] }));
    const known = { segments: [], changed: ['FEATURE f0'], nextChange: undefined };
    const truthOf = (i: number): (typeof truths)[number] => truths[i % 2] ?? { attributes: {}, features: {}, listed: [] };
    const options = { runs: 5, calls: Math.ceil(200_000 / size) };
    return {
      name: `memberships after a change, ${size} segments`,
      value: microsecondsEach(i => compiled.membershipsOf(truthOf(i), now, known).evaluated, options),
      unit: 'µs',
      floor: { name: 'all segments evaluated', value: microsecondsEach(i => compiled.membershipsOf(truthOf(i), now).evaluated, options) },
      note: `${compiled.membershipsOf(truthOf(1), now, known).evaluated} of ${size} evaluated`,
    };
  });
}
