import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { demoCustomerId } from '../../src/demo/demo.module.js';
import { demoExamples } from '../../src/demo/examples.js';
import { startDemoServer, type RunningServer } from '../cli/running-server.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
let server: RunningServer;
beforeAll(async () => {
  server = await startDemoServer(pool);
}, 60_000);
afterAll(() => server.stop());

interface Answer {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: unknown;
}

async function send(query: string, variables: object): Promise<Answer> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${server.keys.server}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

const exampleOf = (name: string): { readonly query: string; readonly variables: object } => {
  const found = demoExamples(demoCustomerId).find(({ query }) => query.includes(` ${name}(`));
  if (found === undefined) throw new Error(`There is no example ${name}`);
  return found;
};

describe("GraphiQL's examples", () => {
  it('work on the demo shop as they are, once the id of a decision is put in', async () => {
    const first = await send(exampleOf('Personalize').query, exampleOf('Personalize').variables);
    expect(first.errors).toBeUndefined();
    const { id } = (first.data as { personalize: { id: string } }).personalize;
    for (const { query, variables } of demoExamples(demoCustomerId)) {
      if (query.includes('subscription')) continue;
      const { data, errors } = await send(query, 'decision' in variables ? { decision: id } : variables);
      expect(errors).toBeUndefined();
      for (const answer of Object.values(data ?? {})) expect(answer).not.toBeNull();
    }
  });

  it('push a new decision to "Watch" when "SetFeature" is run', async () => {
    const client = createClient({ url: `${server.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, connectionParams: { authorization: `Bearer ${server.keys.server}` } });
    const { query, variables } = exampleOf('Watch');
    const { query: set } = exampleOf('SetFeature');
    const back = set.replace('name: "affinity_wine", value: 1', 'name: "affinity_wine", value: 0').replace('name: "affinity_running", value: 0', 'name: "affinity_running", value: 1');
    expect(back).not.toBe(set);
    await send(back, variables);
    const kinds: string[] = [];
    const updates = client.iterate<{ decisionUpdates: { cause: { kind: string } } }>({ query, variables: variables as Record<string, unknown> });
    for await (const { data } of updates) {
      kinds.push(data?.decisionUpdates.cause.kind ?? '');
      if (kinds.at(-1) === 'FEATURE') break;
      // What is being learned may come in between, and takes the change of the feature with it.
      await send(kinds.length % 2 === 1 ? set : back, variables);
    }
    await client.dispose();
    expect(kinds[0]).toBe('INITIAL');
    expect(kinds.at(-1)).toBe('FEATURE');
  });
});
