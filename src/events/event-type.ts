import type { Json } from '../kernel/json.js';

/** `strict` refuses what does not fit the schema; `warn` takes it and says so; `learn` takes everything and notes what there is. */
export const eventTypeModes = ['strict', 'warn', 'learn'] as const;
export type EventTypeMode = (typeof eventTypeModes)[number];

/** What a tenant's events of one type look like. */
export interface EventType {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (2020-12) of the events' properties. */
  readonly schema: JsonObject;
  readonly mode: EventTypeMode;
  /** What its events may be used for; without any, for everything. */
  readonly purposes?: readonly string[] | undefined;
}

export type JsonObject = Readonly<Record<string, Json>>;

/** Name of the definition that stands for all types that have none of their own. Without it, events of such types are refused. */
export const anyEventType = '*';

export const gotKinds = ['nothing', 'null', 'boolean', 'number', 'text', 'list', 'object'] as const;
/** Kind of a value; never the value. */
export type GotKind = (typeof gotKinds)[number];

export function kindOf(value: unknown): GotKind {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'object';
}

export interface Mismatch {
  /** JSON pointer within the event. */
  readonly pointer: string;
  readonly expected: string;
  readonly got: GotKind;
}

/** The first thing in an event's properties that its schema does not allow. */
export type CheckProperties = (properties: JsonObject) => Mismatch | undefined;

const common = { sessionId: { type: 'string' }, pageUrl: { type: 'string' }, userAgent: { type: 'string' }, metadata: { type: 'object' } } as const;
const given = (name: string, description: string, more: JsonObject = {}): EventType => ({
  name, description, mode: 'warn', schema: { type: 'object', properties: { ...common, ...more } },
});

/** There for every tenant that does not define them itself. They warn: a shop that starts loses nothing. */
export const givenEventTypes: readonly EventType[] = [
  given('page_view', 'A page was opened.'),
  given('email_open', 'An e-mail was opened.'),
  given('email_click', 'A link in an e-mail was followed.'),
  given('form_submit', 'A form was sent.'),
  given('add_to_cart', 'Something was put into the cart.', { value: { type: 'number' } }),
  given('purchase', 'Something was bought.', { value: { type: 'number' } }),
  given('login', 'The customer signed in.'),
];

/** A property of events in learn mode, and the kinds of values that it was seen to have. */
export interface LearnedProperty {
  readonly type: string;
  readonly property: string;
  readonly kind: GotKind;
}

const jsonTypes: Readonly<Record<GotKind, string | undefined>> = {
  nothing: undefined, null: 'null', boolean: 'boolean', number: 'number', text: 'string', list: 'array', object: 'object',
};

/** A schema that all fit that were seen. */
export function learnedSchema(learned: readonly LearnedProperty[]): JsonObject {
  const names = [...new Set(learned.map(it => it.property))].sort();
  const typesOf = (name: string): readonly string[] => learned.filter(it => it.property === name).flatMap(it => jsonTypes[it.kind] ?? []).sort();
  return { type: 'object', properties: Object.fromEntries(names.map(name => [name, { type: typesOf(name) }])) };
}

/** Own properties, at the top level, and what kinds their values have. */
export function propertiesOf(type: string, properties: JsonObject): readonly LearnedProperty[] {
  return Object.entries(properties).map(([property, value]) => ({ type, property, kind: kindOf(value) }));
}
