import type { FeatureValue, OnlineRecord } from '../customers/online-record.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import type { Json } from '../kernel/json.js';

/**
 * What a search index holds of a customer for conditions to be asked of. However many names there are, all values go into one field, as terms of
 * their source, type, name and value: so a mapping never grows, a name may be any text, a number is compared bit for bit, and a customer is one
 * document without parts.
 */
export interface CustomerDocument {
  readonly terms: readonly string[];
  readonly segments: readonly string[];
}

/** Fields of the document in the index's mapping. */
export const customerDocumentMapping = {
  terms: { type: 'keyword', doc_values: false },
  segments: { type: 'keyword' },
} as const satisfies Json;

export type TermSource = 'attribute' | 'feature';
/** `text`, `number`, `boolean` and `list` are the types of values; a text that is a time is one in milliseconds, too. */
export type TermType = 'text' | 'number' | 'boolean' | 'list' | 'time';

const sourceCodes: Readonly<Record<TermSource, string>> = { attribute: 'a', feature: 'f' };
const typeCodes: Readonly<Record<TermType, string>> = { text: 's', number: 'n', boolean: 'b', list: 'l', time: 't' };
/** No name has it. */
const separator = '\u001f';

/** The term of every value of this type under the name. */
export function presenceTerm(source: TermSource, type: TermType, name: string): string {
  return sourceCodes[source] + typeCodes[type] + separator + name;
}

/** The term of one value; for numbers and times see `sortable`. */
export function valueTerm(source: TermSource, type: TermType, [name, value]: readonly [string, string]): string {
  return presenceTerm(source, type, name) + separator + value;
}

export function documentOf({ attributes, features, segments }: Pick<OnlineRecord, 'attributes' | 'features' | 'segments'>): CustomerDocument {
  const terms = [
    ...Object.entries(attributes).flatMap(([name, value]) => termsOf('attribute', name, value)),
    ...Object.entries(features).flatMap(([name, { value }]) => termsOf('feature', name, value)),
  ];
  return { terms, segments };
}

function termsOf(source: TermSource, name: string, value: FeatureValue): readonly string[] {
  const term = (type: TermType, text: string): string => valueTerm(source, type, [name, text]);
  if (typeof value === 'number') return [presenceTerm(source, 'number', name), term('number', sortable(value))];
  if (typeof value === 'boolean') return [presenceTerm(source, 'boolean', name), term('boolean', String(value))];
  if (typeof value !== 'string') return [presenceTerm(source, 'list', name), ...new Set(value.map(it => term('list', it)))];
  const time = isoTimeMs(value);
  const terms = [presenceTerm(source, 'text', name), term('text', value)];
  return time === undefined ? terms : [...terms, presenceTerm(source, 'time', name), term('time', sortable(time))];
}

/** Comes after each text that `sortable` gives. */
export const afterSortable = 'g';

/** 16 digits whose order as text is that of the doubles: of IEEE 754's bits the sign is turned round, and for negative numbers all others are, too. */
export function sortable(value: number): string {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value === 0 ? 0 : value);
  const [high, low] = [bits.getUint32(0), bits.getUint32(4)];
  const isNegative = high >>> 31 === 1;
  const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
  return isNegative ? hex(~high) + hex(~low) : hex(high ^ 0x80000000) + hex(low);
}
