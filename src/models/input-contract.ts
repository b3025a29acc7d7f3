/** In the name of a feature or attribute: the candidate's category. */
export const categoryMark = '{category}';

/**
 * One input of a model or bandit and how it is made a number. The order of the inputs is the order of the columns.
 * - `number`: value * scale + offset; a boolean counts 0 or 1
 * - `oneHot`: one column for each of `values`, 1 where the value equals it (a list: contains it)
 * - `count`: number of elements of a list * scale
 * - `cyclic`: two columns, sine and cosine of 2π · value / period
 * - `ageDays`: days from the ISO-8601 time held to the decision, * scale
 */
export interface ModelInput {
  readonly source: 'attribute' | 'feature' | 'context' | 'item';
  /**
   * The value's name. In a feature's or attribute's name, `{category}` stands for that field of the candidate:
   * `affinity_{category}` reads `affinity_shoes` for a shoe.
   */
  readonly name: string;
  readonly transform:
    | { readonly kind: 'number'; readonly scale: number; readonly offset: number }
    | { readonly kind: 'oneHot'; readonly values: readonly string[] }
    | { readonly kind: 'count'; readonly scale: number }
    | { readonly kind: 'cyclic'; readonly period: number }
    | { readonly kind: 'ageDays'; readonly scale: number };
  /** Each column of this input where the value is missing, or is not of the kind that the transform takes. */
  readonly missing: number;
}

export type InputContract = readonly ModelInput[];

/** Columns of a row encoded by the contract. */
export function widthOf(contract: InputContract): number {
  return contract.reduce((sum, { transform }) => sum + columnsOf(transform), 0);
}

export function columnsOf(transform: ModelInput['transform']): number {
  if (transform.kind === 'oneHot') return transform.values.length;
  return transform.kind === 'cyclic' ? 2 : 1;
}
