import { isBlindIndex } from '../customers/keyring.js';
import type { ValueType } from '../customers/online-record.js';
import { anyEventType, givenEventTypes, type EventType } from '../events/event-type.js';
import { durationMs } from '../kernel/duration.js';
import { InvalidInput, LimitExceeded } from '../kernel/errors.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { leafOf, type Behaviour, type Comparison, type Condition, type Operator } from './condition.js';

/**
 * Bounds of one tree: `nodes` counts the inner ones and the leaves, `depth` those on the way to the deepest leaf, itself included. And of what is
 * compared with: `partLength` is of a text that is contained, or begun with, since an index searches for one at the cost of its square.
 */
export const conditionLimits = { nodes: 200, depth: 20, listLength: 1000, partLength: 100 } as const;

/** Of the windows that behaviours are counted in. */
const [shortestMs, longestMs] = [3_600_000, 90 * 86_400_000];

/** The names of one source. Those declared have a type; others may be read only where the source is `open`, and may hold any type. */
export interface Names {
  readonly declared: ReadonlyMap<string, ValueType>;
  readonly open: boolean;
  /** Those held as blind indexes, which can be compared for equality alone. */
  readonly blind?: ReadonlySet<string>;
}

/** Types of events with the names of their properties. Others may be counted only where it is `open`, and have any properties. */
export interface EventNames {
  readonly declared: ReadonlyMap<string, Names>;
  readonly open: boolean;
}

/** What a condition may read in the place where it stands. A source that is absent may not be read there at all. */
export interface Vocabulary {
  readonly attribute?: Names;
  readonly feature?: Names;
  readonly context?: Names;
  readonly item?: Names;
  readonly property?: Names;
  readonly did?: EventNames;
  /** Ids of the segments that there are. */
  readonly inSegment?: ReadonlySet<string>;
}

/** Any name, of any type. */
export const anyNames: Names = { declared: new Map(), open: true };

/** Events of any type. */
export const anyEvents: EventNames = { declared: new Map(), open: true };

/** Any name, of any type but for those declared; personal ones are held as blind indexes. */
export function attributeNames(declared: readonly { readonly name: string; readonly valueType: ValueType; readonly personal: boolean }[]): Names {
  return { declared: new Map(declared.map(it => [it.name, it.valueType])), open: true, blind: new Set(declared.flatMap(it => (it.personal ? [it.name] : []))) };
}

/** The given types of events, and those that are defined; any, where there is a definition that stands for all. */
export function eventNames(defined: readonly Pick<EventType, 'name'>[]): EventNames {
  const names = [...givenEventTypes, ...defined].map(it => it.name);
  return { declared: new Map(names.filter(it => it !== anyEventType).map(it => [it, anyNames])), open: names.includes(anyEventType) };
}

/** The defined features, and no others. */
export function featureNames(features: readonly { readonly name: string; readonly valueType: ValueType }[]): Names {
  return { declared: new Map(features.map(it => [it.name, it.valueType])), open: false };
}

/**
 * Refuses a condition that could not mean anything where it stands.
 * @param at JSON pointer of the condition within what the caller sent; the error's `path` starts with it
 * @throws LimitExceeded for a tree beyond `conditionLimits`
 * @throws InvalidInput with the `path` of the first name or value that does not fit
 */
export function checkCondition(condition: Condition, vocabulary: Vocabulary, at = ''): void {
  assertBounded(condition, at);
  checkNode(condition, vocabulary, at);
}

/** Takes what a caller sent as it came, so that a huge tree is refused before anything walks it by recursion. */
export function assertBounded(tree: unknown, at = ''): void {
  let nodes = 0;
  let level: readonly unknown[] = [tree];
  for (let depth = 1; level.length > 0; depth++) {
    nodes += level.length;
    if (nodes > conditionLimits.nodes) throw tooLarge('nodes', conditionLimits.nodes, at);
    if (depth > conditionLimits.depth) throw tooLarge('depth', conditionLimits.depth, at);
    level = level.flatMap(childrenOf);
  }
}

function tooLarge(what: 'nodes' | 'depth', limit: number, at: string): LimitExceeded {
  return new LimitExceeded(`A condition has too many ${what === 'nodes' ? 'nodes' : 'levels'}`, { details: { path: at, [what]: limit } });
}

function childrenOf(node: unknown): readonly unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  const { and, or, not, did } = node as Readonly<Record<string, unknown>>;
  const where = typeof did === 'object' && did !== null && 'where' in did ? did.where : undefined;
  return [and, or, not, where].flatMap(child => child ?? []);
}

function checkNode(node: Condition, vocabulary: Vocabulary, at: string): void {
  if ('and' in node) node.and.forEach((it, i) => { checkNode(it, vocabulary, `${at}/and/${i}`); });
  else if ('or' in node) node.or.forEach((it, i) => { checkNode(it, vocabulary, `${at}/or/${i}`); });
  else if ('not' in node) checkNode(node.not, vocabulary, `${at}/not`);
  else if ('inSegment' in node) checkSegment(node.inSegment, vocabulary, `${at}/inSegment`);
  else if ('did' in node) checkBehaviour(node.did, vocabulary, `${at}/did`);
  else {
    const [source, comparison] = leafOf(node);
    const names = vocabulary[source];
    if (names === undefined) throw misfit('This may not be read here', `${at}/${source}`);
    if (source === 'property' && comparison.operator === 'withinLast') {
      throw misfit('What holds for an event holds for good: the window of a behaviour says how old it may be', `${at}/${source}/operator`);
    }
    checkComparison(comparison, names, `${at}/${source}`);
  }
}

function checkSegment(id: string, { inSegment }: Vocabulary, at: string): void {
  if (inSegment === undefined) throw misfit('Segments may not be read here', at);
  if (!inSegment.has(id)) throw misfit('There is no such segment', at);
}

function checkBehaviour(behaviour: Behaviour, { did }: Vocabulary, at: string): void {
  if (did === undefined) throw misfit('Behaviour may not be read here', at);
  const property = did.declared.get(behaviour.event);
  if (property === undefined && !did.open) throw misfit('There is no such type of event', `${at}/event`);
  checkBounds(behaviour, at);
  if (behaviour.where !== undefined) checkNode(behaviour.where, { property: property ?? anyNames }, `${at}/where`);
}

function checkBounds({ atLeast, atMost, within, since }: Behaviour, at: string): void {
  if (atMost === undefined && atLeast === 0) throw misfit('At least 0 times needs atMost', `${at}/atLeast`);
  if (atMost !== undefined && atMost < atLeast) throw misfit('atMost is not less than atLeast', `${at}/atMost`);
  if (within !== undefined && since !== undefined) throw misfit('The window is given by within or by since', `${at}/since`);
  const windowMs = within === undefined ? shortestMs : durationMs(within);
  if (!(windowMs >= shortestMs && windowMs <= longestMs)) throw misfit('A window is an ISO-8601 duration from an hour to 90 days', `${at}/within`);
}

/** As it is kept, whatever the type of the attribute is. */
const isBlind = (value: Operand): boolean => (Array.isArray(value) && value.length > 0 ? (value as readonly unknown[]).every(isBlindIndex) : isBlindIndex(value));

const forEquality: ReadonlySet<Operator> = new Set(['equals', 'notEquals', 'in', 'exists']);

function checkComparison({ name, operator, value }: Comparison, { declared, open, blind }: Names, at: string): void {
  const type = declared.get(name);
  if (type === undefined && !open) throw misfit('There is nothing of this name', `${at}/name`);
  if (blind?.has(name) === true && !forEquality.has(operator)) throw misfit('Personal values can be compared for equality alone', `${at}/operator`);
  const { applies, accepts, says } = operands[operator];
  if (type !== undefined && !applies.includes(type)) throw misfit('The operator does not apply to values of this type', `${at}/operator`);
  if (!accepts(value)) throw misfit(`The operator takes ${says}`, `${at}/value`);
  if (blind?.has(name) !== true || !isBlind(value)) checkType({ operator, value }, type, at);
}

function checkType({ operator, value }: Omit<Comparison, 'name'>, type: ValueType | undefined, at: string): void {
  if (type !== undefined && comparesLikeWithLike.has(operator) && typeOfOperand(value) !== (type === 'strings' ? 'string' : type)) {
    throw misfit('The value is not of the type that is declared for the name', `${at}/value`);
  }
}

type Operand = Comparison['value'];

interface Operands {
  /** Declared types that can be compared so. */
  readonly applies: readonly ValueType[];
  readonly accepts: (value: Operand) => boolean;
  readonly says: string;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isPart = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.length <= conditionLimits.partLength;
const isScalar = (value: unknown): boolean => typeof value === 'string' || typeof value === 'boolean' || isNumber(value);

const isInterval = (value: Operand): boolean => {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [low, high] = value as readonly unknown[];
  return isNumber(low) && isNumber(high) && low <= high;
};

const isChoice = (value: Operand): boolean => {
  if (!Array.isArray(value) || value.length < 1 || value.length > conditionLimits.listLength) return false;
  const list = value as readonly unknown[];
  return list.every(isNumber) || list.every(it => typeof it === 'string');
};

const scalar: Operands = { applies: ['number', 'string', 'boolean'], accepts: isScalar, says: 'a text, a finite number or a boolean' };
const number: Operands = { applies: ['number'], accepts: isNumber, says: 'a finite number' };

const operands: Readonly<Record<Operator, Operands>> = {
  equals: scalar,
  notEquals: scalar,
  in: { applies: ['number', 'string', 'strings'], accepts: isChoice, says: 'a list of 1 to 1000 texts, or of as many finite numbers' },
  contains: { applies: ['string', 'strings'], accepts: isPart, says: 'a text of 1 to 100 characters' },
  startsWith: { applies: ['string'], accepts: isPart, says: 'a text of 1 to 100 characters' },
  exists: {
    applies: ['number', 'string', 'boolean', 'strings'],
    accepts: value => value === undefined || typeof value === 'boolean',
    says: 'true, false or nothing',
  },
  greaterThan: number,
  lessThan: number,
  between: { applies: ['number'], accepts: isInterval, says: 'two finite numbers, the lower one first' },
  before: {
    applies: ['string', 'number'],
    accepts: value => typeof value === 'string' && isoTimeMs(value) !== undefined,
    says: 'an ISO-8601 date, or a time with its zone',
  },
  withinLast: {
    applies: ['string', 'number'],
    accepts: value => typeof value === 'string' && durationMs(value) > 0,
    says: 'an ISO-8601 duration of weeks, days, hours, minutes and seconds',
  },
};

const comparesLikeWithLike: ReadonlySet<Operator> = new Set(['equals', 'notEquals', 'in']);

function typeOfOperand(value: Operand): string {
  return typeof (Array.isArray(value) ? (value as readonly unknown[])[0] : value);
}

function misfit(message: string, path: string): InvalidInput {
  return new InvalidInput(message, { details: { path } });
}
