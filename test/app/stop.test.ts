import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ask, startServerProcess, type ServerProcess } from './server-process.js';

const folder = await mkdtemp(path.join(tmpdir(), 'attune-stop-'));
const running = new Set<ServerProcess>();
afterAll(async () => {
  for (const server of running) await server.end('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function start(): Promise<ServerProcess> {
  const server = await startServerProcess({ dataFolder: folder });
  running.add(server);
  return server;
}

/** Ids that were acknowledged, and when. */
interface Acknowledged {
  readonly decisions: { readonly id: string; readonly at: number }[];
  readonly events: string[];
  readonly outcomes: string[];
  readonly features: Map<string, number>;
}

interface Write {
  readonly recordOutcomes: { readonly accepted: number };
  readonly ingestEvents: { readonly accepted: number };
  readonly setFeatures: { readonly changedCustomers: number };
}

const writing = `mutation W($outcomes: [OutcomeInput!]!, $events: [EventInput!]!, $customer: ID!, $value: JSON!) {
  recordOutcomes(input: $outcomes) { accepted }
  ingestEvents(input: $events) { accepted }
  setFeatures(input: { customers: [{ customerId: $customer, values: [{ name: "affinity_wellness", value: $value }] }] }) { changedCustomers }
}`;

/** Decides and writes, over and over, until the server is gone; what it was told is kept. */
async function keepBusy(server: ServerProcess, worker: number, acknowledged: Acknowledged): Promise<void> {
  const customer = `worker-${worker}`;
  try {
    for (let i = 0; ; i++) {
      const { data, errors } = await ask(server, 'query P($id: ID!) { personalize(customerId: $id) { id } }', { id: customer });
      if (errors !== undefined) return;
      const { id } = data.personalize as { id: string };
      acknowledged.decisions.push({ id, at: Date.now() });
      if (i % 10 > 0) continue;
      const [event, outcome] = [randomUUID(), randomUUID()];
      const value = (i % 1000) / 1000;
      const written = await ask(server, writing, {
        customer, value, outcomes: [{ id: outcome, decisionId: id, kind: 'IMPRESSION' }], events: [{ id: event, customerId: customer, type: 'page_view' }],
      });
      if (written.errors !== undefined) return;
      const { recordOutcomes, ingestEvents } = written.data as Write;
      if (recordOutcomes.accepted === 1) acknowledged.outcomes.push(outcome);
      if (ingestEvents.accepted === 1) acknowledged.events.push(event);
      acknowledged.features.set(customer, value);
    }
  } catch {
    // the server is gone
  }
}

async function busyUntil(end: (server: ServerProcess) => Promise<unknown>): Promise<{ readonly acknowledged: Acknowledged; readonly endedAt: number }> {
  const server = await start();
  const acknowledged: Acknowledged = { decisions: [], events: [], outcomes: [], features: new Map() };
  const workers = Array.from({ length: 8 }, (_, i) => keepBusy(server, i, acknowledged));
  while (acknowledged.decisions.length < 400) await new Promise(resolve => setTimeout(resolve, 10));
  const endedAt = Date.now();
  await end(server);
  running.delete(server);
  await Promise.all(workers);
  return { acknowledged, endedAt };
}

/** Reads the server's own database, on the port that its PostgreSQL has written down. */
async function stored(sql: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const [, , , port = ''] = (await readFile(path.join(folder, 'postgres/data/postmaster.pid'), 'utf8')).split('\n');
  const password = await readFile(path.join(folder, 'postgres/password'), 'utf8');
  const client = new pg.Client({ host: '127.0.0.1', port: Number(port), user: 'attune', password, database: 'postgres' });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(sql, [ids]);
    return new Set(rows.map(it => it.id));
  } finally {
    await client.end();
  }
}

const decisionsSql = 'SELECT id::text FROM decisions WHERE id = ANY($1::uuid[])';

async function expectWrites({ events, outcomes, features }: Acknowledged): Promise<void> {
  expect(events.length).toBeGreaterThan(20);
  expect(await stored('SELECT id FROM events WHERE id = ANY($1)', events)).toEqual(new Set(events));
  expect(await stored('SELECT id FROM outcomes WHERE id = ANY($1)', outcomes)).toEqual(new Set(outcomes));
  const kept = await stored(`SELECT customer_id || ' ' || value AS id FROM customer_features WHERE customer_id = ANY($1) AND name = 'affinity_wellness'`, [...features.keys()]);
  // A write under way when the server went may have been committed without a word of it.
  for (const [customer, value] of features) expect(Array.from(kept).some(it => it.startsWith(`${customer} `) && Number(it.split(' ')[1]) >= value)).toBe(true);
}

const postgresRuns = (): boolean => existsSync(path.join(folder, 'postgres/data/postmaster.pid'));

describe('a server that is busy', () => {
  it('is killed: the next start works with the same keys, has all that was acknowledged, and of the decisions all but those of the last moment', async () => {
    const before = await start();
    const { acknowledged, endedAt } = await (async () => {
      const { keys } = before;
      await before.end('SIGINT');
      running.delete(before);
      const result = await busyUntil(server => server.end('SIGKILL'));
      const after = await start();
      expect(after.keys).toEqual(keys);
      expect((await ask(after, '{ personalize(customerId: "worker-0", deadlineMs: 5000) { level isStranger } }')).data.personalize).toMatchObject({ isStranger: false });
      return result;
    })();
    await expectWrites(acknowledged);
    const there = await stored(decisionsSql, acknowledged.decisions.map(it => it.id));
    const lost = acknowledged.decisions.filter(it => !there.has(it.id));
    const oldest = Math.max(0, ...lost.map(it => endedAt - it.at));
    expect(oldest).toBeLessThan(1000); // some 50 while the database keeps up, which it may not on a machine that does more than this
  }, 120_000);

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s with code 0, with PostgreSQL, and has written all that it answered', async signal => {
    for (const server of running) {
      await server.end('SIGTERM');
      running.delete(server);
    }
    const codes: unknown[] = [];
    const { acknowledged } = await busyUntil(async server => {
      codes.push(await server.end(signal));
      expect(server.output()).not.toMatch(/"level":(40|50)/);
    });
    expect(codes).toEqual([0]);
    expect(postgresRuns()).toBe(false);
    await start();
    await expectWrites(acknowledged);
    const ids = acknowledged.decisions.map(it => it.id);
    expect(await stored(decisionsSql, ids)).toEqual(new Set(ids));
  }, 120_000);
});
