import { InvariantViolation } from './errors.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One text for each value: keys in order, no white space. Two values are equal where their texts are. @throws InvariantViolation for NaN and infinities */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new InvariantViolation('A number that is not finite has no JSON');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value as Record<string, Json | undefined>).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, it]) => `${JSON.stringify(key)}:${canonicalJson(it)}`).join(',')}}`;
}

/** Levels of lists and objects in what callers send. The deepest that anything takes, a condition of 20 levels within a rule set, needs some 50. */
export const mostLevels = 64;

/** False for what is nested so deep that to walk it could exhaust the stack. */
export function isShallow(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  return (Array.isArray(value) ? value : Object.values(value)).every(it => isShallow(it, levels - 1));
}
