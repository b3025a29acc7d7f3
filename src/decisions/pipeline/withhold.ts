import { isGranted, type Consents } from '../../customers/consent.js';
import type { CustomerState, Withheld } from '../decision.js';
import type { Guard } from '../snapshot/snapshot.js';

type IsHeld = (kind: Withheld['kind'], name: string, purposes: readonly string[] | undefined) => boolean;

/**
 * Leaves out of a customer's state what they do not consent to at `now`, in epoch milliseconds, so that nothing is computed from it, and names it.
 * Values are named where there are any; segments and models always, since they are as if not known to anybody who asks.
 */
export function withhold(state: CustomerState, guard: Guard, consents: Consents, now: number): CustomerState {
  const withheld: Withheld[] = [];
  const isHeld: IsHeld = (kind, name, purposes) => {
    const purpose = purposes?.find(it => !isGranted(consents, it, now));
    if (purpose !== undefined) withheld.push({ kind, name, purpose });
    return purpose !== undefined;
  };
  const rest = <T>(kind: Withheld['kind'], values: Readonly<Record<string, T>>, of: Guard['features']): Readonly<Record<string, T>> =>
    of.size === 0 ? values : Object.fromEntries(Object.entries(values).filter(([name]) => !isHeld(kind, name, of.get(name))));
  const features = withoutBehaviours(rest('FEATURE', state.features, guard.features), guard, isHeld);
  const attributes = rest('ATTRIBUTE', state.attributes, guard.attributes);
  const hidden = new Set([...guard.segments].filter(([id, purposes]) => isHeld('SEGMENT', id, purposes)).map(([id]) => id));
  for (const [id, purposes] of guard.models) isHeld('MODEL', id, purposes);
  if (withheld.length === 0) return state;
  return { ...state, features, attributes, segments: state.segments.filter(it => !hidden.has(it)), withheld };
}

/** Counts are among the features, and are named, once, by the type of their events. */
function withoutBehaviours(features: CustomerState['features'], { behaviours }: Guard, isHeld: IsHeld): CustomerState['features'] {
  const counted = [...behaviours].filter(([key]) => Object.hasOwn(features, key));
  if (counted.length === 0) return features;
  const events = new Map(counted.map(([, { event, purposes }]) => [event, purposes]));
  const hidden = new Set([...events].filter(([event, purposes]) => isHeld('BEHAVIOUR', event, purposes)).map(([event]) => event));
  return Object.fromEntries(Object.entries(features).filter(([name]) => !hidden.has(behaviours.get(name)?.event ?? '')));
}
