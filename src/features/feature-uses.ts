import { Conflict } from '../kernel/errors.js';
import type { Json } from '../kernel/json.js';
import type { Definition, LiveDefinitions } from '../tenants/definitions.js';
import { restsOn, type ParseExpression } from './derived.js';
import type { FeatureDefinition } from './feature.js';

/** Everything but features that may read one. */
export async function readersOfFeatures(live: LiveDefinitions): Promise<readonly Definition[]> {
  const kinds = ['segment', 'placement', 'ruleSet', 'ruleSetDraft', 'experiment', 'model'] as const;
  const readers = [];
  for (const kind of kinds) readers.push(...(await live.all(kind)));
  return readers;
}

export interface FeatureReaders {
  readonly features: readonly FeatureDefinition[];
  readonly candidates: readonly FeatureDefinition[];
  readonly others: readonly Definition[];
}

/** @throws Conflict where something reads the feature; `usedBy` names up to ten that do, as kind/id */
export function checkUnread(name: string, { features, candidates, others }: FeatureReaders, parse: ParseExpression): void {
  const computed = (all: readonly FeatureDefinition[]): readonly FeatureDefinition[] => all.filter(it => it.name !== name && restsOn(it, parse).includes(name));
  const uses = [
    ...computed(features).map(it => `feature/${it.name}`),
    ...computed(candidates).map(it => `featureCandidate/${it.name}`),
    ...others.filter(it => reads(it.body, name)).map(it => `${it.kind}/${it.id}`),
  ];
  if (uses.length > 0) throw new Conflict('The feature is in use', { details: { path: '/name', usedBy: uses.slice(0, 10).join(', '), uses: uses.length } });
}

/** Whether a body has a condition on the feature, an input of a model made of it, or names it in a bandit's context. An experiment that is over reads no more. */
function reads(body: Json, name: string): boolean {
  if (typeof body !== 'object' || body === null) return false;
  if (Array.isArray(body)) return body.some(it => reads(it as Json, name));
  const fields = body as Readonly<Record<string, Json>>;
  if (fields['status'] === 'stopped') return false;
  if (fields['source'] === 'feature' && typeof fields['name'] === 'string' && stands(fields['name'], name)) return true;
  return Object.entries(fields).some(([field, value]) =>
    (field === 'feature' && nameOf(value) === name) || (field === 'features' && Array.isArray(value) && value.includes(name)) || reads(value, name));
}

const nameOf = (value: Json): Json | undefined =>
  (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, Json>>)['name'] : undefined);

/** Whether what is read by this text may be the feature: `{category}` in it stands for any text. */
function stands(read: string, name: string): boolean {
  const parts = read.split('{category}');
  const [start = '', end = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return read === name;
  return name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end);
}
