import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';
import { isDuration } from '../kernel/duration.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import type { Json } from '../kernel/json.js';

/** What `Date` can hold. */
const latestMs = 8.64e15;
const maxCursorLength = 4096;
const maxDepth = 16;
const maxValues = 10_000;
const maxTextLength = 100_000;

/** Any JSON value; numbers are finite, and a value is at most 16 levels deep, 10,000 values and 100,000 characters large. */
export const JsonScalar = new GraphQLScalarType<Json, Json>({
  name: 'JSON',
  description: 'Any JSON value. Numbers are finite; at most 16 levels, 10,000 values and 100,000 characters.',
  serialize: checkedJson,
  parseValue: checkedJson,
  parseLiteral: (node, variables) => checkedJson(valueFromASTUntyped(node, variables)),
});

/**
 * A time. Resolvers are given ISO 8601 in UTC to the millisecond (2026-03-01T12:00:00.000Z), and answer with that, epoch
 * milliseconds or a `Date`. Not a `Date` on the way in: compiled queries hold defaults as JSON.
 */
export const DateTimeScalar = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'A time as ISO 8601. Given with its zone; answered in UTC: 2026-03-01T12:00:00.000Z.',
  serialize: value => isoTime(value instanceof Date ? value.getTime() : value),
  parseValue: value => isoTime(typeof value === 'string' ? value : undefined),
  parseLiteral: node => isoTime(node.kind === Kind.STRING ? node.value : undefined),
});

/** A length of time as ISO 8601 text, of weeks and shorter units: P30D, PT15M. */
export const DurationScalar = textScalar('Duration', 'A length of time as ISO 8601, of weeks, days, hours, minutes and seconds: P30D, PT15M.', isDuration);

/** Where a list or a feed was left; opaque to clients. */
export const CursorScalar = textScalar(
  'Cursor',
  'Where a list or a feed was left. Only what the server gave out is understood.',
  text => text.length > 0 && text.length <= maxCursorLength,
);

function isoTime(value: unknown): string {
  const time = typeof value === 'string' ? isoTimeMs(value) : value;
  if (typeof time !== 'number' || !(Math.abs(time) <= latestMs)) throw new GraphQLError('DateTime cannot represent this value.');
  return new Date(time).toISOString();
}

function textScalar(name: string, description: string, fits: (text: string) => boolean): GraphQLScalarType<string, string> {
  const checked = (value: unknown): string => {
    if (typeof value !== 'string' || !fits(value)) throw new GraphQLError(`${name} cannot represent this value.`);
    return value;
  };
  return new GraphQLScalarType({
    name,
    description,
    serialize: checked,
    parseValue: checked,
    parseLiteral: node => checked(node.kind === Kind.STRING ? node.value : undefined),
  });
}

interface Room {
  values: number;
  text: number;
}

function checkedJson(value: unknown): Json {
  const room: Room = { values: maxValues, text: maxTextLength };
  if (!fitsJson(value, maxDepth, room)) throw new GraphQLError('JSON cannot represent this value.');
  return value as Json;
}

function fitsJson(value: unknown, levels: number, room: Room): boolean {
  room.values -= 1;
  if (room.values < 0 || levels < 0) return false;
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return fitsText(value, room);
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.every(it => fitsJson(it, levels - 1, room));
  return Object.entries(value).every(([key, it]) => key !== '__proto__' && fitsText(key, room) && fitsJson(it, levels - 1, room));
}

function fitsText(text: string, room: Room): boolean {
  room.text -= text.length;
  return room.text >= 0;
}
