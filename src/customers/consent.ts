/** What a customer has last said about one purpose. */
export interface Consent {
  readonly granted: boolean;
  /** Epoch milliseconds from which it holds no longer; without it, until something else is said. */
  readonly until?: number | undefined;
}

/** By purpose. What was never said is not granted. */
export type Consents = Readonly<Record<string, Consent>>;

/** What was said about one purpose at one time. */
export interface ConsentStatement extends Consent {
  readonly purpose: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Where it was said, in the caller's words: a banner, a form, a call. */
  readonly source: string;
  /** Id of the key that it came with. */
  readonly saidBy: string;
}

export interface ConsentInput {
  readonly customerId: string;
  readonly statements: readonly ConsentStatement[];
}

export interface ConsentStore {
  /**
   * Adds to what was said, all or nothing. Makes a customer who is not there. `isChanged` is false where what holds is what held before.
   * @throws Erased
   */
  say(tenantId: string, input: ConsentInput, now: number): Promise<{ readonly customerId: string; readonly consents: Consents; readonly isChanged: boolean }>;
  /** Newest first, of each customer in turn, those said before `before`. */
  history(tenantId: string, customerId: string, page: { readonly first: number; readonly before?: number | undefined }): Promise<readonly (ConsentStatement & { readonly seq: number })[]>;
}

export function isGranted(consents: Consents, purpose: string, now: number): boolean {
  const consent = Object.hasOwn(consents, purpose) ? consents[purpose] : undefined;
  return consent?.granted === true && (consent.until === undefined || consent.until > now);
}

/** Of each purpose what was said last; of the same time the more careful: a refusal, then the grant that ends first. In any order the same. */
export function presentConsents(statements: readonly ConsentStatement[]): Consents {
  const last = new Map<string, ConsentStatement>();
  for (const it of statements) {
    const held = last.get(it.purpose);
    if (held === undefined || outweighs(it, held)) last.set(it.purpose, it);
  }
  const inOrder = [...last.values()].sort((a, b) => (a.purpose < b.purpose ? -1 : 1));
  return Object.fromEntries(inOrder.map(({ purpose, granted, until }) => [purpose, until === undefined ? { granted } : { granted, until }]));
}

function outweighs(a: ConsentStatement, b: ConsentStatement): boolean {
  if (a.at !== b.at) return a.at > b.at;
  if (a.granted !== b.granted) return !a.granted;
  return (a.until ?? Number.POSITIVE_INFINITY) < (b.until ?? Number.POSITIVE_INFINITY);
}

/** Consents as they hold at `now`, those that have ended turned into refusals, and the purposes of these. */
export function withEndedRefused(consents: Consents, now: number): { readonly consents: Consents; readonly ended: readonly string[] } {
  const ended = Object.keys(consents).filter(it => consents[it]?.granted === true && !isGranted(consents, it, now));
  if (ended.length === 0) return { consents, ended };
  return { consents: { ...consents, ...Object.fromEntries(ended.map(it => [it, { ...consents[it], granted: false }])) }, ended };
}

/** When the next consent ends, in epoch milliseconds; undefined where none does. */
export function nextConsentEnd(consents: Consents, now: number): number | undefined {
  const ends = Object.values(consents).flatMap(({ granted, until }) => (granted && until !== undefined && until > now ? [until] : []));
  return ends.length === 0 ? undefined : Math.min(...ends);
}
