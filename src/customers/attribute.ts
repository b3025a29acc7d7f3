import { Conflict, InvalidInput } from '../kernel/errors.js';
import type { Json } from '../kernel/json.js';
import type { Definition } from '../tenants/definitions.js';
import { isOfType, type FeatureValue, type ValueType } from './online-record.js';

/** Says what an attribute holds. One that is not declared may hold any type, is not personal, and needs no consent. */
export interface AttributeDefinition {
  readonly name: string;
  readonly description: string;
  readonly valueType: ValueType;
  /** Encrypted under the customer's key, and compared by a blind index: only for equality. */
  readonly personal: boolean;
  /** Decisions read it of customers only who consent to all of them. */
  readonly purposes?: readonly string[] | undefined;
}

export type AttributeDeclarations = ReadonlyMap<string, AttributeDefinition>;

export const personalAmong = (declared: readonly AttributeDefinition[]): ReadonlySet<string> =>
  new Set(declared.flatMap(it => (it.personal ? [it.name] : [])));

/** @throws InvalidInput with the JSON pointer of the first value that is not of the declared type */
export function checkAttributes(values: Readonly<Record<string, FeatureValue | null>>, declared: AttributeDeclarations): void {
  for (const [name, value] of Object.entries(values)) {
    const type = declared.get(name)?.valueType;
    if (value === null || type === undefined || isOfType(value, type)) continue;
    const path = `/attributes/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    throw new InvalidInput(`The attribute is declared to be of the type ${type}`, { details: { path } });
  }
}

const forEquality: ReadonlySet<unknown> = new Set(['equals', 'notEquals', 'in', 'exists']);

/**
 * What is personal is held as a blind index, which says nothing but whether two values are equal.
 * @param definitions everything that may read attributes
 * @throws Conflict where one of them compares the attribute otherwise, or is a model that is given it; `usedBy` names up to ten
 */
export function checkBlindUse({ name, personal }: AttributeDefinition, definitions: readonly Definition[]): void {
  const uses = personal ? definitions.filter(it => needsValue(it.body, name)).map(it => `${it.kind}/${it.id}`) : [];
  if (uses.length > 0) {
    throw new Conflict('Personal values can be compared for equality alone', { details: { path: '/personal', usedBy: uses.slice(0, 10).join(', '), uses: uses.length } });
  }
}

function needsValue(body: Json, name: string): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return Object.entries(body as Readonly<Record<string, Json>>).some(([key, value]) => {
    const it = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, Json>>) : {};
    const compares = key === 'attribute' && it['name'] === name && !forEquality.has(it['operator']);
    return compares || (it['source'] === 'attribute' && it['name'] === name) || needsValue(value, name);
  });
}

/**
 * Values are stored, and conditions written, for the type; and what was promised to be encrypted stays so.
 * @throws Conflict
 */
export function checkRedeclaration(before: AttributeDefinition | undefined, after: AttributeDefinition): void {
  if (before === undefined) return;
  if (before.valueType !== after.valueType) throw new Conflict('The value type of an attribute stays as it is; make another attribute', { details: { path: '/valueType' } });
  if (before.personal && !after.personal) throw new Conflict('What is personal stays personal', { details: { path: '/personal' } });
}
