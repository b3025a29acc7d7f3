import { NotIndexed } from './customer-index.js';
import { isKept, type CustomerSearch, type Found, type Preview, type Question, type SearchPage } from './customer-search.js';

/** Where an answer came from. */
export const searchSources = ['POSTGRESQL', 'ELASTICSEARCH'] as const;
export type SearchSource = (typeof searchSources)[number];

export interface SegmentSearchDeps {
  readonly truth: CustomerSearch;
  /** Undefined where there is none. */
  readonly index: CustomerSearch | undefined;
  /** Told where the index did not answer. */
  readonly onFailure: (error: unknown) => void;
}

/** Asks the search index, and the truth where the index is away or does not know what is asked for. Each answer says who gave it. */
export class SegmentSearch {
  readonly #deps: SegmentSearchDeps;

  constructor(deps: SegmentSearchDeps) {
    this.#deps = deps;
  }

  preview(tenantId: string, question: Question): Promise<Preview & { readonly source: SearchSource }> {
    return this.#ask(question, it => it.preview(tenantId, question));
  }

  search(tenantId: string, question: Question, page: SearchPage): Promise<Found & { readonly source: SearchSource }> {
    return this.#ask(question, it => it.search(tenantId, question, page));
  }

  async #ask<T extends object>(question: Question, ask: (search: CustomerSearch) => Promise<T>): Promise<T & { readonly source: SearchSource }> {
    const { truth, index, onFailure } = this.#deps;
    if (index !== undefined && isKept(question)) {
      try {
        return { ...(await ask(index)), source: 'ELASTICSEARCH' };
      } catch (error) {
        if (!(error instanceof NotIndexed)) onFailure(error);
      }
    }
    return { ...(await ask(truth)), source: 'POSTGRESQL' };
  }
}
