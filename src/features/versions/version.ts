import { canonicalJson, type Json } from '../../kernel/json.js';
import { kindOf, versionOf, type FeatureDefinition } from '../feature.js';

/** Whether two definitions give the same values of the same events; what else they say may differ. */
export function isSameComputation(a: FeatureDefinition, b: FeatureDefinition): boolean {
  return computationOf(a) === computationOf(b);
}

function computationOf(definition: FeatureDefinition): string {
  const { aggregate, expression, revision } = definition;
  return canonicalJson(JSON.parse(JSON.stringify({ kind: kindOf(definition), aggregate, expression, revision })) as Json);
}

/**
 * The definition with its number: that of what is live where values are computed as before, else the next one.
 * @param past all that the feature and its candidates ever were
 */
export function numbered(definition: FeatureDefinition, live: FeatureDefinition | undefined, past: readonly FeatureDefinition[]): FeatureDefinition {
  const { version: _given, ...rest } = definition;
  if (live !== undefined && isSameComputation(live, definition)) return live.version === undefined ? rest : { ...rest, version: live.version };
  return past.length === 0 ? rest : { ...rest, version: nextVersion(past) };
}

export function nextVersion(past: readonly FeatureDefinition[]): number {
  return 1 + Math.max(0, ...past.map(versionOf));
}

/** What the feature was when a version was last live; undefined where it never was. @param past oldest first */
export function lastOf(past: readonly FeatureDefinition[], version: number): FeatureDefinition | undefined {
  return past.findLast(it => versionOf(it) === version);
}

/** The version to go back to: of those with a lower number, the one that was live last. A version that was rolled back from is passed over then. */
export function versionBefore(past: readonly FeatureDefinition[], live: FeatureDefinition): number | undefined {
  const found = past.findLast(it => versionOf(it) < versionOf(live));
  return found && versionOf(found);
}

/** What is live, computed as it was in an earlier version. */
export function restored(live: FeatureDefinition, kept: FeatureDefinition): FeatureDefinition {
  const { kind: _kind, aggregate: _aggregate, expression: _expression, revision: _revision, version: _version, ...rest } = live;
  const { kind, aggregate, expression, revision } = kept;
  return {
    ...rest,
    version: versionOf(kept),
    ...(kind !== undefined && { kind }),
    ...(aggregate !== undefined && { aggregate }),
    ...(expression !== undefined && { expression }),
    ...(revision !== undefined && { revision }),
  };
}
