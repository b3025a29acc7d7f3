import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import { z } from 'zod';
import { InvalidInput } from '../kernel/errors.js';
import { parseBody, prose, purposes } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import { anyEventType, eventTypeModes, kindOf, type CheckProperties, type EventType, type JsonObject } from './event-type.js';

const longestSchema = 20_000;

/** Of a type that may be sent. */
export const eventTypeName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.:/ -]{0,99}$/, 'a name of letters, digits and _ . : / - with at most 100 characters');

const eventTypeSchema: z.ZodType<EventType> = z.strictObject({
  name: z.union([z.literal(anyEventType), eventTypeName], { error: 'A name has letters, digits and _ . : / -, begins with a letter, and has at most 100 characters; or it is *' }),
  description: prose.default(''),
  schema: z.record(z.string(), z.json()).default({}).refine(it => JSON.stringify(it).length <= longestSchema, `A schema has at most ${longestSchema} characters`),
  mode: z.enum(eventTypeModes),
  purposes: purposes.optional(),
});

export function parseEventType(body: unknown): EventType {
  return parseBody(eventTypeSchema, body);
}

export const eventTypes: Kind<EventType> = { kind: 'eventType', parse: parseEventType };

/** By the text of the schema: most tenants share the given ones, and a new version of a configuration has few new ones. */
const compiled = new LRUCache<string, CheckProperties>({ max: 2000 });

/** @throws InvalidInput where it is no JSON Schema that can be checked against, or reaches outside itself */
export function compileProperties(schema: JsonObject): CheckProperties {
  const text = JSON.stringify(schema);
  const check = compiled.get(text) ?? compile(schema);
  compiled.set(text, check);
  return check;
}

/** Takes a time that grows with the text alone, whatever the pattern: an engine that backtracks can be kept busy for hours by one event. */
const linearRegExp = Object.assign(
  (pattern: string): { readonly test: (text: string) => boolean; readonly toString: () => string } => {
    const compiledPattern = RE2JS.compile(RE2JS.translateRegExp(pattern));
    return { test: text => compiledPattern.matcher(text).find(), toString: () => pattern }; // the name that Ajv tells it from others by
  },
  { code: '' }, // for code that is kept, which ours is not
);

function compile(schema: JsonObject): CheckProperties {
  let validate: ValidateFunction;
  try {
    // One for each: a schema may name itself by $id, and another version of it too.
    const ajv = new Ajv2020({ strictSchema: true, strictTypes: false, strictRequired: false, strictTuples: false, validateFormats: true, code: { regExp: linearRegExp } });
    addFormats.default(ajv);
    validate = ajv.compile(schema);
  } catch (cause) {
    throw new InvalidInput('The schema is no JSON Schema (2020-12) that can be checked against; its patterns have no look-around, no back-references and no counts above 1,000', { cause, details: { path: '/schema' } });
  }
  if ('$async' in schema) throw new InvalidInput('The schema has to be checked at once', { details: { path: '/schema' } });
  return properties => {
    try {
      if (validate(properties)) return undefined;
    } catch {
      return { pointer: '/properties', expected: 'a schema that comes to an end', got: 'object' }; // it leads back to itself
    }
    const [error] = validate.errors ?? [];
    if (error === undefined) return undefined;
    const path = [...partsOf(error.instancePath), ...whereWithin(error)];
    const value = path.reduce<unknown>((it, part) => (typeof it === 'object' && it !== null ? (it as Record<string, unknown>)[part] : undefined), properties);
    return { pointer: ['', 'properties', ...path.map(escaped)].join('/'), expected: expectedBy(error), got: kindOf(value) };
  };
}

const partsOf = (pointer: string): readonly string[] => pointer.split('/').slice(1).map(it => it.replaceAll('~1', '/').replaceAll('~0', '~'));
const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** The property that is missing, or should not be there. */
function whereWithin({ params }: ErrorObject): readonly string[] {
  const { missingProperty, additionalProperty, unevaluatedProperty } = params as Readonly<Record<string, unknown>>;
  const name = missingProperty ?? additionalProperty ?? unevaluatedProperty;
  return typeof name === 'string' ? [name] : [];
}

/** By the schema's words alone. */
function expectedBy({ keyword, params, message }: ErrorObject): string {
  const it = params as Readonly<Record<string, unknown>>;
  switch (keyword) {
    case 'type': return `of type ${String(it['type'])}`;
    case 'required': return 'a value';
    case 'additionalProperties': case 'unevaluatedProperties': return 'no such property';
    case 'enum': return `one of ${JSON.stringify(it['allowedValues'])}`;
    case 'const': return JSON.stringify(it['allowedValue']);
    default: return message ?? keyword;
  }
}
