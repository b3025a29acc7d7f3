import { parseItem } from '../../content/item.schema.js';
import { parsePlacement } from '../../content/placement.schema.js';
import { parseAttribute } from '../../customers/attribute.schema.js';
import { parseEventType } from '../../events/event-type.schema.js';
import { parseExperiment } from '../../experiments/experiment.schema.js';
import { withEventPurposes } from '../../features/event-purposes.js';
import { parseExpression } from '../../features/expression.schema.js';
import { parseFeature } from '../../features/feature.schema.js';
import type { Json } from '../../kernel/json.js';
import { parseModel } from '../../models/model.schema.js';
import { parseRuleSet } from '../../rules/rule-set.schema.js';
import { parseSegment } from '../../segments/segment.schema.js';
import type { Configuration, DefinitionKind } from '../../tenants/definitions.js';
import type { TenantConfiguration } from './snapshot.js';

/** Reads the rows of one version as what the folders upstream wrote into them. Drafts are left out: nothing decides by them. */
export function parseConfiguration(tenantId: string, { version, definitions }: Configuration): TenantConfiguration {
  const bodies = new Map<DefinitionKind, Json[]>();
  for (const { kind, body } of definitions) bodies.set(kind, [...(bodies.get(kind) ?? []), body]);
  const all = <T>(kind: DefinitionKind, parse: (body: Json) => T): readonly T[] => (bodies.get(kind) ?? []).map(parse);
  const eventPurposes = new Map(all('eventType', parseEventType).flatMap(({ name, purposes = [] }) => (purposes.length === 0 ? [] : [[name, purposes] as const])));
  return {
    tenantId,
    version,
    attributes: all('attribute', parseAttribute),
    features: withEventPurposes(all('feature', parseFeature), eventPurposes, parseExpression),
    eventPurposes,
    segments: all('segment', parseSegment),
    items: all('item', parseItem),
    placements: all('placement', parsePlacement),
    ruleSets: all('ruleSet', parseRuleSet),
    ruleSetsSince: new Map(definitions.flatMap(({ kind, id, since }) => (kind === 'ruleSet' ? [[id, since] as const] : []))),
    experiments: all('experiment', parseExperiment),
    models: all('model', parseModel),
  };
}
