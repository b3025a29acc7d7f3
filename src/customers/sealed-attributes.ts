import type { AttributeFact, Profile } from './customer.js';
import type { TenantSecrets } from './keyring.js';
import type { FeatureValue } from './online-record.js';

/** A profile whose personal attributes are blind indexes, with their values as they were sealed, by name. */
export interface SealedProfile extends Profile {
  readonly sealed: Readonly<Record<string, string>>;
}

export interface Reveal {
  /**
   * All attributes of a customer, the personal ones in the clear. Leaves an audit entry with their names.
   * @throws NotFound
   */
  reveal(of: { readonly tenantId: string; readonly customerId: string }, actor: string): Promise<{ readonly customerId: string; readonly attributes: Profile['attributes'] }>;
}

/** Stands in an answer for a value that may not be seen. */
export const masked = '***';

/** Of a list, a blind index each: it is in where one of its texts is. */
export function blindValue({ blind }: TenantSecrets, name: string, value: FeatureValue): FeatureValue {
  return typeof value === 'object' ? value.map(it => blind(name, it)) : blind(name, value);
}

/** What is sealed once these facts have been taken: of each name what was sealed with the value that holds. */
export function sealedAfter(
  before: SealedProfile,
  after: Profile,
  facts: readonly (AttributeFact & { readonly sealed?: string | undefined })[],
): Readonly<Record<string, string>> {
  const values = new Map(Object.entries(after.attributes));
  const sealed = new Map(Object.entries(before.sealed).filter(([name]) => values.has(name)));
  for (const { name, value, sealed: text } of facts) {
    if (JSON.stringify(values.get(name)) !== JSON.stringify(value)) continue;
    if (text === undefined) sealed.delete(name);
    else sealed.set(name, text);
  }
  return Object.fromEntries(sealed);
}

/** Attributes as they may be shown to anybody who may see the customer. */
export function maskedAttributes({ attributes, sealed }: Pick<SealedProfile, 'attributes' | 'sealed'>): Profile['attributes'] {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, Object.hasOwn(sealed, name) ? masked : value]));
}
