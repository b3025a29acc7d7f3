import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { z } from 'zod';
import type { Connection } from './client.js';
import { CommandFailed } from './failure.js';
import type { Terminal } from './terminal.js';

const updates = `subscription Watch($customerId: ID!, $placement: ID) {
  decisionUpdates(customerId: $customerId, placement: $placement) {
    cause { kind subject changedAt }
    decision { id selectedContent { id title } propensity confidenceScore reasoning }
  }
}`;

const updateSchema = z.object({
  decisionUpdates: z.object({
    cause: z.object({ kind: z.string(), subject: z.string().nullable(), changedAt: z.string() }),
    decision: z.object({
      id: z.string(),
      selectedContent: z.object({ id: z.string(), title: z.string() }).nullable(),
      propensity: z.number(),
      confidenceScore: z.number(),
      reasoning: z.string(),
    }),
  }),
});

export interface WatchOptions {
  readonly customerId: string;
  readonly placement?: string | undefined;
  /** Prints each update as a line of JSON. */
  readonly json: boolean;
}

/**
 * Prints the customer's present decision and each one that takes its place, until the server ends the subscription.
 * @throws CommandFailed where the server refuses, or is gone
 */
export async function watch({ url, key }: Connection, { customerId, placement, json }: WatchOptions, { out }: Terminal): Promise<void> {
  const client = createClient({
    url: Object.assign(new URL('/graphql', url), { protocol: url.startsWith('https:') ? 'wss:' : 'ws:' }).href,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${key}` },
  });
  try {
    for await (const { data, errors } of client.iterate({ query: updates, variables: { customerId, placement } })) {
      const [error] = errors ?? [];
      if (error !== undefined) throw new CommandFailed(`The server refused: ${error.message}`);
      const update = updateSchema.parse(data).decisionUpdates;
      out(json ? JSON.stringify(update) : describe(update));
    }
  } catch (error) {
    throw error instanceof CommandFailed ? error : new CommandFailed(`The subscription ended: ${reasonOf(error)}`, { cause: error });
  } finally {
    await client.dispose();
  }
}

type Update = z.infer<typeof updateSchema>['decisionUpdates'];

function describe({ cause, decision }: Update): string {
  const why = cause.subject === null ? cause.kind : `${cause.kind} ${cause.subject}`;
  const what = decision.selectedContent?.title ?? 'nothing';
  return `${cause.changedAt}  ${why.padEnd(28)}  ${what} (propensity ${decision.propensity.toFixed(3)}). ${decision.reasoning}`;
}

/** A close event, an error of the socket, or the server's list of errors. */
function reasonOf(error: unknown): string {
  const [first] = Array.isArray(error) ? (error as unknown[]) : [error];
  if (typeof first !== 'object' || first === null) return 'the reason is unknown';
  const { reason, message } = first as { readonly reason?: unknown; readonly message?: unknown };
  return [reason, message].find((it): it is string => typeof it === 'string' && it !== '') ?? 'the connection is gone';
}
