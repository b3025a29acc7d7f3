/** What somebody is known by elsewhere: an anonymous id, an e-mail, a login. Of one kind and value there is one customer. */
export interface Identity {
  readonly kind: string;
  readonly value: string;
}

/** A merge that was asked for, by the ids of then. */
export interface MergeEdge {
  readonly from: string;
  readonly into: string;
}

export interface Merged {
  /** The id that the customer goes by now. */
  readonly customerId: string;
  /** All other ids of the customer, ordered. */
  readonly aliases: readonly string[];
  readonly isChanged: boolean;
}

export interface Merging {
  /**
   * Makes one customer of two; to do it again changes nothing. Those not there come into being.
   * @throws Erased
   */
  merge(tenantId: string, edge: MergeEdge, by: { readonly actor: string; readonly now: number }): Promise<Merged>;
  /**
   * Says by what a customer is known. An identity that another one has makes one customer of both.
   * @throws Erased, LimitExceeded where the customer would have more than `mostIdentities`
   */
  identify(tenantId: string, who: { readonly customerId: string; readonly identities: readonly Identity[] }, by: { readonly actor: string; readonly now: number }): Promise<Merged>;
  /** The id of the customer whose identity it is. */
  find(tenantId: string, identity: Identity): Promise<string | undefined>;
  /** Kinds of identities of each customer, the values left out. */
  kindsOf(tenantId: string, customerIds: readonly string[]): Promise<ReadonlyMap<string, readonly { readonly kind: string; readonly since: Date }[]>>;
}

/** Of one customer. */
export const mostIdentities = 100;

/**
 * The id that a merged customer goes by: the least of those that others were merged into, and that were merged into no other; or, where there is
 * none, as in a circle, the least of all. It follows from what was asked for, not from the order in which it was.
 */
export function survivorOf(ids: readonly string[], edges: readonly MergeEdge[]): string {
  const real = edges.filter(it => it.from !== it.into);
  const [gone, chosen] = [new Set(real.map(it => it.from)), new Set(real.map(it => it.into))];
  const left = ids.filter(it => chosen.has(it) && !gone.has(it));
  return least(left.length > 0 ? left : ids);
}

const least = (ids: readonly string[]): string => ids.reduce((a, b) => (b < a ? b : a));
