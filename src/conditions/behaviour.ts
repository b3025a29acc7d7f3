import type { FeatureReading } from '../customers/online-record.js';
import { durationMs } from '../kernel/duration.js';
import { fnv1a32 } from '../kernel/hash.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { canonicalJson, type Json } from '../kernel/json.js';
import type { Behaviour, Condition } from './condition.js';

/** What the name of each count of a behaviour starts with, among the values of a customer's features. */
export const behaviourPrefix = 'did:';

/** The counts among a customer's values, by the keys of the behaviours. */
export function countsAmong(features: Readonly<Record<string, FeatureReading>>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name in features) {
    const value = name.startsWith(behaviourPrefix) ? features[name]?.value : undefined;
    if (typeof value === 'number') counts[name] = value;
  }
  return counts;
}

/** What has to be counted for a `did`: a customer's events of one type, after a fixed time or within a window before now. */
export interface CountedBehaviour {
  /** The same for all behaviours that count the same, whatever number of times they ask for. */
  readonly key: string;
  readonly event: string;
  /** Reads properties of the event alone. */
  readonly where: Condition | undefined;
  /** Counts while `at > now - windowMs`. */
  readonly windowMs: number | undefined;
  /** Counts where `at >= since`, in epoch milliseconds; with neither, all events count that the log holds. */
  readonly since: number | undefined;
}

/** The behaviours that conditions ask for, each key once. */
export function behavioursOf(...conditions: readonly Condition[]): readonly CountedBehaviour[] {
  const found = new Map<string, CountedBehaviour>();
  const visit = (node: Condition): void => {
    if ('and' in node) node.and.forEach(visit);
    else if ('or' in node) node.or.forEach(visit);
    else if ('not' in node) visit(node.not);
    else if ('did' in node) {
      const counted = countedBehaviour(node.did);
      found.set(counted.key, counted);
    }
  };
  conditions.forEach(visit);
  return [...found.values()];
}

export function countedBehaviour({ event, where, within, since }: Behaviour): CountedBehaviour {
  const windowMs = within === undefined ? undefined : durationMs(within);
  const sinceMs = since === undefined ? undefined : isoTimeMs(since);
  return { key: keyOf({ event, where, windowMs, since: sinceMs }), event, where, windowMs, since: sinceMs };
}

/** Name of the count that answers for a behaviour. */
export function behaviourKey(behaviour: Behaviour): string {
  return countedBehaviour(behaviour).key;
}

/** 64 bits of the canonical text: enough for the few that one tenant has. */
function keyOf(counted: Omit<CountedBehaviour, 'key'>): string {
  const text = canonicalJson(counted as unknown as Json);
  const half = (salt: string): string => fnv1a32(salt + text).toString(16).padStart(8, '0');
  return behaviourPrefix + half('a') + half('b');
}
