import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Conflict, DependencyUnavailable, NotFound } from '../../src/kernel/errors.js';
import type { Json } from '../../src/kernel/json.js';
import { configTopic } from '../../src/platform/bus.js';
import { createPool, createPrisma } from '../../src/platform/postgres.js';
import type { Definition } from '../../src/tenants/definitions.js';
import { PostgresDefinitions } from '../../src/tenants/definitions.postgres.js';
import { PostgresTenants } from '../../src/tenants/tenants.postgres.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const published: { readonly topic: string; readonly message: Json }[] = [];
const unannounced: unknown[] = [];
let busFails = false;
const bus = {
  publish: async (topic: string, message: Json) => {
    if (busFails) throw new Error('The bus is gone');
    published.push({ topic, message });
  },
};
const definitions = new PostgresDefinitions(pool, bus, error => unannounced.push(error));

async function newTenant(): Promise<string> {
  const id = randomUUID();
  await pool.query('INSERT INTO tenants (id, name) VALUES ($1, $1)', [id]);
  return id;
}

const bodies = (all: readonly Definition[]): Record<string, Json> => Object.fromEntries(all.map(it => [`${it.kind}/${it.id}`, it.body]));
const audited = async (tenant: string): Promise<unknown[]> =>
  (await pool.query<object>('SELECT actor, action, subject, details FROM audit_log WHERE tenant_id = $1 ORDER BY id', [tenant])).rows;

describe('PostgresDefinitions', () => {
  it('starts a tenant at version 0 with nothing', async () => {
    expect(await definitions.read(await newTenant())).toEqual({ version: 0, definitions: [] });
  });

  it('makes one version of all that is changed together, and tells the bus once, after the commit', async () => {
    const tenant = await newTenant();
    const version = await definitions.change(tenant, 'key1', [
      { kind: 'item', id: 'a', body: { title: 'A' } },
      { kind: 'segment', id: 'a', body: { name: 'S' } },
    ]);
    expect(version).toBe(1);
    const { version: read, definitions: all } = await definitions.read(tenant);
    expect([read, bodies(all)]).toEqual([1, { 'item/a': { title: 'A' }, 'segment/a': { name: 'S' } }]);
    expect(published.filter(it => it.topic === configTopic(tenant)).map(it => it.message)).toEqual([
      { version: 1, subjects: [{ kind: 'item', id: 'a' }, { kind: 'segment', id: 'a' }], changedAt: expect.any(Number) },
    ]);
  });

  it('gives the configuration as it was at any version', async () => {
    const tenant = await newTenant();
    await definitions.change(tenant, 'k', [{ kind: 'item', id: 'a', body: 1 }, { kind: 'item', id: 'b', body: 1 }]);
    await definitions.change(tenant, 'k', [{ kind: 'item', id: 'a', body: 2 }]);
    await definitions.change(tenant, 'k', [{ kind: 'item', id: 'b', body: null }, { kind: 'item', id: 'c', body: 3 }]);
    await definitions.change(tenant, 'k', [{ kind: 'item', id: 'b', body: 4 }]);
    const at = async (version?: number): Promise<unknown> => bodies((await definitions.read(tenant, version)).definitions);
    expect(await at(0)).toEqual({});
    expect(await at(1)).toEqual({ 'item/a': 1, 'item/b': 1 });
    expect(await at(2)).toEqual({ 'item/a': 2, 'item/b': 1 });
    expect(await at(3)).toEqual({ 'item/a': 2, 'item/c': 3 });
    expect(await at(4)).toEqual({ 'item/a': 2, 'item/b': 4, 'item/c': 3 });
    expect(await at()).toEqual(await at(4));
    await expect(definitions.read(tenant, 5)).rejects.toThrow(NotFound);
  });

  it('leaves out what is so already, and keeps the version where nothing remains', async () => {
    const tenant = await newTenant();
    await definitions.change(tenant, 'k', [{ kind: 'item', id: 'a', body: { x: 1, y: [2] } }]);
    const same = [{ kind: 'item', id: 'a', body: { y: [2], x: 1 } }, { kind: 'item', id: 'gone', body: null }] as const;
    expect(await definitions.change(tenant, 'k', same)).toBe(1);
    expect(await definitions.change(tenant, 'k', [])).toBe(1);
    expect(published.filter(it => it.topic === configTopic(tenant))).toHaveLength(1);
    expect(await definitions.change(tenant, 'k', [...same, { kind: 'item', id: 'b', body: 1 }])).toBe(2);
    expect((await definitions.find(tenant, 'item', ['a']))[0]?.since).toBe(1);
    expect(published.at(-1)?.message).toMatchObject({ version: 2, subjects: [{ kind: 'item', id: 'b' }] });
  });

  it('writes down who did what', async () => {
    const tenant = await newTenant();
    await definitions.change(tenant, 'ann', [{ kind: 'item', id: 'a', body: 1 }]);
    await definitions.change(tenant, 'bob', [{ kind: 'item', id: 'a', body: 2 }]);
    await definitions.change(tenant, 'bob', [{ kind: 'item', id: 'a', body: 2 }]);
    await definitions.change(tenant, 'cem', [{ kind: 'item', id: 'a', body: null }]);
    expect(await audited(tenant)).toEqual([
      { actor: 'ann', action: 'create', subject: 'item/a', details: { version: 1 } },
      { actor: 'bob', action: 'change', subject: 'item/a', details: { version: 2 } },
      { actor: 'cem', action: 'remove', subject: 'item/a', details: { version: 3 } },
    ]);
  });

  it('numbers changes that come at once one after the other, and loses none', async () => {
    const tenant = await newTenant();
    const versions = await Promise.all(
      Array.from({ length: 30 }, (_, i) => definitions.change(tenant, 'k', [{ kind: 'item', id: `i${i % 3}`, body: i }])),
    );
    expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    for (const [i, version] of versions.entries()) {
      expect(bodies((await definitions.read(tenant, version)).definitions)[`item/i${i % 3}`]).toBe(i);
    }
  });

  it('lets a plan see what is live, with nobody between its look and its change', async () => {
    const tenant = await newTenant();
    await definitions.change(tenant, 'k', [{ kind: 'item', id: 'counter', body: 0 }]);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        definitions.change(tenant, 'k', async live => {
          const [counter] = await live.find('item', ['counter']);
          return [{ kind: 'item', id: 'counter', body: Number(counter?.body) + 1 }];
        })),
    );
    expect(bodies(await definitions.find(tenant, 'item', ['counter']))).toEqual({ 'item/counter': 20 });
  });

  it('changes nothing where a plan throws, and can be changed again', async () => {
    const tenant = await newTenant();
    const refused = definitions.change(tenant, 'k', async () => {
      throw new Conflict('No');
    });
    await expect(refused).rejects.toThrow(Conflict);
    expect(await definitions.read(tenant)).toEqual({ version: 0, definitions: [] });
    expect(await audited(tenant)).toEqual([]);
    expect(await definitions.change(tenant, 'k', [{ kind: 'item', id: 'a', body: 1 }])).toBe(1);
  });

  it('keeps a change that could not be announced', async () => {
    const tenant = await newTenant();
    busFails = true;
    try {
      expect(await definitions.change(tenant, 'k', [{ kind: 'item', id: 'a', body: 1 }])).toBe(1);
    } finally {
      busFails = false;
    }
    expect(unannounced).toHaveLength(1);
    expect((await definitions.read(tenant)).version).toBe(1);
  });

  it('keeps tenants apart', async () => {
    const [ours, theirs] = [await newTenant(), await newTenant()];
    await definitions.change(theirs, 'k', [{ kind: 'item', id: 'a', body: 'theirs' }]);
    await definitions.change(ours, 'k', [{ kind: 'item', id: 'a', body: 'ours' }]);
    await definitions.change(ours, 'k', [{ kind: 'item', id: 'a', body: null }]);
    expect(await definitions.find(ours, 'item', ['a'])).toEqual([]);
    expect(await definitions.list(ours, 'item', { first: 10 })).toEqual([]);
    expect(bodies((await definitions.read(theirs)).definitions)).toEqual({ 'item/a': 'theirs' });
    expect((await definitions.read(theirs)).version).toBe(1);
  });

  it('finds those that are there, of the kind that is asked for', async () => {
    const tenant = await newTenant();
    await definitions.change(tenant, 'k', [
      { kind: 'item', id: 'a', body: 1 },
      { kind: 'item', id: 'b', body: 2 },
      { kind: 'segment', id: 'c', body: 3 },
    ]);
    expect(bodies(await definitions.find(tenant, 'item', ['b', 'a', 'c', 'nul\u0000', '']))).toEqual({ 'item/a': 1, 'item/b': 2 });
  });

  it('lists by pages in the order of ids, whatever the locale', async () => {
    const tenant = await newTenant();
    const ids = ['a', 'B', 'ä', 'Z', 'b'];
    await definitions.change(tenant, 'k', ids.map(id => ({ kind: 'item', id, body: id })));
    const page = async (first: number, after?: string): Promise<unknown> => (await definitions.list(tenant, 'item', { first, after })).map(it => it.id);
    expect(await page(10)).toEqual(['B', 'Z', 'a', 'b', 'ä']);
    expect(await page(2)).toEqual(['B', 'Z']);
    expect(await page(2, 'Z')).toEqual(['a', 'b']);
    expect(await page(2, 'ä')).toEqual([]);
  });

  it('says so where the database does not answer', async () => {
    const nowhere = createPool({ databasePoolSize: 1, databaseTimeoutMs: 500 }, { url: 'postgres://a:b@127.0.0.1:1/c', onError: () => undefined });
    const lost = new PostgresDefinitions(nowhere, bus, error => unannounced.push(error));
    await expect(lost.read('t')).rejects.toThrow(DependencyUnavailable);
    await expect(lost.find('t', 'item', ['a'])).rejects.toThrow(DependencyUnavailable);
    await expect(lost.list('t', 'item', { first: 1 })).rejects.toThrow(DependencyUnavailable);
    await expect(lost.change('t', 'k', [{ kind: 'item', id: 'a', body: 1 }])).rejects.toThrow(DependencyUnavailable);
    await expect(new PostgresTenants(createPrisma(nowhere)).secretOf('a')).rejects.toThrow(DependencyUnavailable);
    await nowhere.end();
  });

  it('knows no tenant that has not been made', async () => {
    await expect(definitions.read(randomUUID())).rejects.toThrow(NotFound);
    await expect(definitions.change(randomUUID(), 'k', [{ kind: 'item', id: 'a', body: 1 }])).rejects.toThrow(NotFound);
    expect(await definitions.find(randomUUID(), 'item', ['a'])).toEqual([]);
  });
});
