/** Sent on a customer's topic after each change of what decisions may read. */
export interface CustomerChanged {
  readonly customerId: string;
  readonly version: number;
  /** What really changed: a feature or an attribute by its name, a segment that was entered or left by its id, a purpose whose consent is another. */
  readonly changes: readonly { readonly kind: 'FEATURE' | 'ATTRIBUTE' | 'SEGMENT' | 'CONSENT'; readonly name: string }[];
  /** Present where nobody did anything: a window slid, or a time that was waited for came. */
  readonly cause?: 'TIME' | undefined;
  /** Epoch milliseconds. */
  readonly changedAt: number;
}
