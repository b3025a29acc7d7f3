import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DocumentNode, ExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { CompiledExecutor } from './compiled-executor.js';
import type { ContextOf } from './http-route.js';
import type { Variables } from './operation-variables.js';

interface Accepted {
  readonly document: DocumentNode;
  readonly queryHash: string;
}

interface Body {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Variables | null;
}

const parameters: ReadonlySet<string> = new Set(['query', 'operationName', 'variables']);
/** What clients that want JSON say, as they say it. */
const wantsJson: ReadonlySet<string | undefined> = new Set([undefined, '*/*', 'application/json']);
const isJson: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8', 'application/json;charset=UTF-8']);

/**
 * Runs operations whose text Apollo has accepted before, in plain requests: its reading of a request and its writing of an answer would
 * cost more than a decision does. What is unusual in any way is left to Apollo, and so is whatever fails before the operation runs.
 */
export class RepeatedOperations {
  readonly #executor: CompiledExecutor;
  readonly #accepted: LRUCache<string, Accepted>;

  constructor(executor: CompiledExecutor, maxOperations: number) {
    this.#executor = executor;
    this.#accepted = new LRUCache({ max: maxOperations });
  }

  /** The text has been parsed and validated. */
  accept(query: string, accepted: Accepted): void {
    this.#accepted.set(query, accepted);
  }

  /** The text of the answer; undefined where the request is Apollo's. */
  async answer(request: FastifyRequest, reply: FastifyReply, contextOf: ContextOf): Promise<string | undefined> {
    const { method, headers, body } = request;
    if (method !== 'POST' || !isJson.has(headers['content-type']) || !wantsJson.has(headers.accept) || !isOperation(body)) return undefined;
    const accepted = this.#accepted.get(body.query);
    if (accepted === undefined) return undefined;
    const context = await contextOf(request).catch(() => undefined);
    if (context === undefined) return undefined;
    const result = await this.#executor.execute({ ...accepted, operationName: body.operationName ?? undefined, variables: body.variables ?? {}, context });
    if (result.data === undefined) return undefined;
    void reply.type('application/json; charset=utf-8');
    return textOf(result);
  }
}

function isOperation(body: unknown): body is Body {
  if (!isObject(body)) return false;
  for (const key in body) if (!parameters.has(key)) return false;
  const { query, operationName, variables } = body as Readonly<Record<string, unknown>>;
  return typeof query === 'string' && typeof (operationName ?? '') === 'string' && isObject(variables ?? {});
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

/** As Apollo writes it. */
const textOf = ({ errors, data }: ExecutionResult): string => `${JSON.stringify({ errors, data })}\n`;
