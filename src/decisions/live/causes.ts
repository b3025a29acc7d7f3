import type { CustomerChanged } from '../../customers/customer-changed.js';
import type { ConfigurationChanged, DefinitionKind } from '../../tenants/definitions.js';
import type { CompiledPlacement, PlacementReads, Snapshot } from '../snapshot/snapshot.js';
import type { Cause, CauseKind } from './decision-update.js';

/** Why decisions in the placement may differ after a change of a customer; undefined where they read nothing of what changed. */
export function causeOfCustomer(change: CustomerChanged | undefined, placement: CompiledPlacement | undefined, now: number): Cause | undefined {
  if (change === undefined) return { kind: 'RESUMED_WITH_GAP', subject: null, changedAt: now };
  if (placement === undefined) return undefined;
  const found = change.changes.find(({ kind, name }) => (kind === 'CONSENT' ? placement.guard?.purposes.has(name) === true : isRead(placement.reads, kind, name)));
  if (found === undefined) return undefined;
  const event = placement.reads.behaviours.get(found.name);
  const { kind, subject } = event === undefined ? { kind: found.kind, subject: found.name } : { kind: 'BEHAVIOUR' as const, subject: event };
  return { kind: change.cause ?? kind, subject, changedAt: change.changedAt };
}

function isRead(reads: PlacementReads, kind: 'FEATURE' | 'ATTRIBUTE' | 'SEGMENT', name: string): boolean {
  if (kind === 'SEGMENT') return reads.segments.includes(name);
  const [exact, templates] = kind === 'FEATURE' ? [reads.features, reads.featuresByCategory] : [reads.attributes, reads.attributesByCategory];
  return exact.includes(name) || templates.some(([before, after]) => name.startsWith(before) && name.endsWith(after));
}

const causeByKind = {
  eventType: undefined,
  attribute: 'ATTRIBUTE',
  feature: 'FEATURE',
  featureCandidate: undefined,
  segment: 'SEGMENT',
  item: 'CONTENT',
  placement: 'PLACEMENT',
  ruleSet: 'RULE',
  ruleSetDraft: undefined,
  experiment: 'EXPERIMENT',
  model: 'MODEL',
} as const satisfies Record<DefinitionKind, CauseKind | undefined>;

/** A draft and a type of events concern nobody, and another placement's own settings only that one; of everything else each placement may rest on it. */
export function causeOfConfiguration(change: ConfigurationChanged | undefined, placement: CompiledPlacement | undefined, now: number): Cause | undefined {
  if (change === undefined) return { kind: 'RESUMED_WITH_GAP', subject: null, changedAt: now };
  const found = change.subjects.find(({ kind, id }) => {
    if (causeByKind[kind] === undefined) return false;
    return kind === 'placement' || kind === 'model' ? placement === undefined || placement.restsOn.has(id) : true;
  });
  const kind = found && causeByKind[found.kind];
  return found && kind && { kind, subject: found.id, changedAt: change.changedAt };
}

/** When an item's schedule next begins or ends, in epoch milliseconds; Infinity where none does. */
export function nextBoundary({ items }: Snapshot, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { startsAt, endsAt } of items.values()) {
    for (const text of [startsAt, endsAt]) {
      const time = text === undefined ? Number.NaN : Date.parse(text);
      if (time > now && time < next) next = time;
    }
  }
  return next;
}
