import { behavioursOf } from '../../conditions/behaviour.js';
import type { Condition } from '../../conditions/condition.js';
import type { Blind } from '../../conditions/evaluate.js';
import type { FeatureValue } from '../../customers/online-record.js';
import type { FeatureDefinition } from '../../features/feature.js';

/** A checked condition, and what it is read by. */
export interface Question {
  readonly condition: Condition;
  /** Those that are defined. */
  readonly features: readonly FeatureDefinition[];
  /** Keys of the behaviours that are counted for each customer. */
  readonly counted: ReadonlySet<string>;
  readonly blind: Blind;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Preview {
  readonly count: number;
  /** Customers that the tenant has. */
  readonly scanned: number;
  /** Ids of the first members, in order: at most `sampleSize`. */
  readonly sample: readonly string[];
  /** Segments that members are in as well, those with most of them first: at most `mostOverlaps`. */
  readonly overlaps: readonly { readonly segmentId: string; readonly count: number }[];
}

export const sampleSize = 20;
export const mostOverlaps = 10;

export interface SearchPage {
  /** At least 1. */
  readonly first: number;
  /** Goes on after this customer. */
  readonly after: string | undefined;
  /** Of a view that stays as it is from page to page, where one was given out; when it is gone, the search goes on without it. */
  readonly view: string | undefined;
}

export interface Found {
  /** In the order of their code points. */
  readonly ids: readonly string[];
  /** For the next page. */
  readonly view: string | undefined;
}

/** Asks which customers a condition holds for. */
export interface CustomerSearch {
  preview(tenantId: string, question: Question): Promise<Preview>;
  search(tenantId: string, question: Question, page: SearchPage): Promise<Found>;
}

/** Whether everything that the condition asks for is kept of each customer: what nobody else has asked for yet is in the log alone. */
export function isKept({ condition, counted }: Question): boolean {
  return behavioursOf(condition).every(({ key }) => counted.has(key));
}

/** What stands for features that are missing, by their names. */
export function defaultsOf({ features }: Pick<Question, 'features'>): ReadonlyMap<string, FeatureValue> {
  return new Map(features.flatMap(({ name, defaultValue }) => (defaultValue === undefined ? [] : [[name, defaultValue]])));
}
