import { createHash } from 'node:crypto';
import { parse, specifiedRules, validate, type DocumentNode, type GraphQLError, type GraphQLSchema, type ValidationRule } from 'graphql';
import { LRUCache } from 'lru-cache';
import { limitRule, type OperationLimits } from './operation-limits.js';

export interface Document {
  readonly document: DocumentNode;
  /** SHA-256 of the text, in hex: as Apollo computes it. */
  readonly queryHash: string;
}

const maxDocuments = 500;
const maxErrors = 10;

/** Parses and validates documents that come over a socket, where Apollo does not, by the same rules; remembers those that are valid. */
export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #maxTokens: number;
  readonly #rules: readonly ValidationRule[];
  readonly #valid = new LRUCache<string, Document>({ max: maxDocuments });

  constructor(schema: GraphQLSchema, limits: OperationLimits) {
    this.#schema = schema;
    this.#maxTokens = limits.maxTokens;
    this.#rules = [...specifiedRules, limitRule(limits)];
  }

  /** Throws a GraphQLError where the text does not parse; answers with what validation finds. */
  read(text: string): Document | readonly GraphQLError[] {
    const queryHash = createHash('sha256').update(text).digest('hex');
    const known = this.#valid.get(queryHash);
    if (known !== undefined) return known;
    const document = parse(text, { maxLexicalTokens: this.#maxTokens });
    const errors = validate(this.#schema, document, this.#rules, { maxErrors });
    if (errors.length > 0) return errors;
    const made = { document, queryHash };
    this.#valid.set(queryHash, made);
    return made;
  }
}
