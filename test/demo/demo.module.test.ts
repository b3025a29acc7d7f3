import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seedDemo, type DemoDeps, type DemoKeys } from '../../src/demo/demo.module.js';
import { PostgresModelArtifacts } from '../../src/models/model-artifacts.postgres.js';
import { Credentials } from '../../src/tenants/credentials.http.js';
import { PostgresDefinitions } from '../../src/tenants/definitions.postgres.js';
import { PostgresTenants } from '../../src/tenants/tenants.postgres.js';
import { parseConfiguration } from '../../src/decisions/snapshot/configuration.schema.js';
import { compileSnapshot } from '../../src/decisions/snapshot/compile.js';
import { replay } from '../../src/decisions/replay.js';
import { PostgresDecisionLog } from '../../src/decisions/decision-log.postgres.js';
import { systemClock } from '../../src/kernel/clock.js';
import { MemoryBus } from '../../src/platform/bus.memory.js';
import { createPrisma } from '../../src/platform/postgres.js';
import { CompiledSegments } from '../../src/segments/compiled-segments.js';
import { PostgresProjectionStore } from '../../src/segments/projection.postgres.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const prisma = createPrisma(pool);
const tenants = new PostgresTenants(prisma);
const credentials = new Credentials(tenants, systemClock);
const definitions = new PostgresDefinitions(pool, new MemoryBus(() => undefined), () => undefined);
let dataFolder: string;
let deps: DemoDeps;

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(tmpdir(), 'attune-demo-'));
  deps = { pool, dataFolder, tenants, keys: tenants, mint: credentials.mint, definitions, artifacts: new PostgresModelArtifacts(pool) };
});
afterAll(async () => {
  await prisma.$disconnect();
  await rm(dataFolder, { recursive: true });
});

const count = async (table: string): Promise<number> => {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table} WHERE tenant_id = 'demo'`);
  return rows[0]?.count ?? 0;
};
const tables = ['customers', 'customer_features', 'segment_members', 'events', 'event_ids', 'decisions', 'outcomes', 'definitions'] as const;
const counts = async (): Promise<readonly number[]> => Promise.all(tables.map(count));

describe('seedDemo', () => {
  it('goes on where a start was killed: nothing is there twice, and nothing is missing', async () => {
    const killed = new Error('killed');
    const fail = async (): Promise<never> => { throw killed; };
    await expect(seedDemo({ ...deps, mint: fail })).rejects.toBe(killed);
    await expect(seedDemo({ ...deps, artifacts: { put: fail } })).rejects.toBe(killed);
    let changes = 0;
    const changeOnce: DemoDeps['definitions'] = { change: async (...args) => (changes++ === 0 ? definitions.change(...args) : fail()) };
    await expect(seedDemo({ ...deps, definitions: changeOnce })).rejects.toBe(killed);
    await pool.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''killed''; END'`);
    await pool.query('CREATE TRIGGER refuse BEFORE INSERT ON outcomes EXECUTE FUNCTION refuse()');
    await expect(seedDemo(deps)).rejects.toThrow('killed');
    expect(await count('customers')).toBe(0);
    await pool.query('DROP TRIGGER refuse ON outcomes');

    expect(await seedDemo(deps)).toMatchObject({ tenantId: 'demo', isNew: true });

    expect(await count('customers')).toBe(300);
    expect(await count('decisions')).toBe(3000);
    expect(await count('events')).toBe(await count('event_ids'));
    expect((await definitions.read('demo')).version).toBe(2);
  });

  it('leaves a shop that is there as it is, and its keys too', async () => {
    const before = await counts();
    const keysBefore = await readFile(path.join(dataFolder, 'keys.json'), 'utf8');

    expect(await seedDemo(deps)).toMatchObject({ isNew: false });

    expect(await counts()).toEqual(before);
    expect(await readFile(path.join(dataFolder, 'keys.json'), 'utf8')).toBe(keysBefore);
  });

  it('writes keys that only their owner can read, of each role', async () => {
    const file = path.join(dataFolder, 'keys.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const keys = JSON.parse(await readFile(file, 'utf8')) as DemoKeys;
    expect(await credentials.authenticate(keys.admin)).toMatchObject({ tenantId: 'demo', role: 'admin' });
    expect(await credentials.authenticate(keys.server)).toMatchObject({ tenantId: 'demo', role: 'server' });
    const browser = await credentials.authenticate(keys.browser);
    expect(browser).toMatchObject({ tenantId: 'demo', role: 'browser' });
    expect((await pool.query(`SELECT FROM customers WHERE tenant_id = 'demo' AND id = $1`, [browser.customerId])).rows).toHaveLength(1);
  });

  it('makes new keys where the file is lost, and leaves the others good', async () => {
    const file = path.join(dataFolder, 'keys.json');
    const lost = JSON.parse(await readFile(file, 'utf8')) as DemoKeys;
    await rm(file);

    const report = await seedDemo(deps);

    expect(report?.keys.admin).not.toBe(lost.admin);
    for (const key of [lost.admin, report?.keys.admin]) expect(await credentials.authenticate(key)).toMatchObject({ role: 'admin' });
  });

  it('leaves decisions in the log that replay bit for bit by the configuration of their time', async () => {
    const log = new PostgresDecisionLog(pool, { capacity: 1, patienceMs: 1, hashing: () => Promise.reject(new Error('Nobody has been erased')), onFailure: () => undefined });
    const { rows } = await pool.query<{ id: string }>(`SELECT id FROM decisions WHERE tenant_id = 'demo' ORDER BY id`);
    const records = await log.find('demo', rows.filter((_, i) => i % 10 === 0).map(it => it.id));
    const snapshots = new Map<number, ReturnType<typeof compileSnapshot>>();
    for (const version of [1, 2]) snapshots.set(version, compileSnapshot(parseConfiguration('demo', await definitions.read('demo', version))));

    expect(records).toHaveLength(300);
    for (const record of records) {
      const snapshot = snapshots.get(record.snapshotVersion);
      expect(snapshot && replay(record, snapshot).identical).toBe(true);
    }
  });

  it('leaves nothing for the projector to put right', async () => {
    const { version, segments, features } = parseConfiguration('demo', await definitions.read('demo'));
    const { rows } = await pool.query<{ id: string; at: Date }>(`SELECT c.id, t.created_at AS at FROM customers c JOIN tenants t ON t.id = c.tenant_id WHERE t.id = 'demo'`);
    const store = new PostgresProjectionStore(pool, async () => ({ dueAt: new Map() }));

    expect(await store.findUnsettled(Date.now() + 1000, 10)).toEqual([]);
    expect(await store.tenantsBehind()).toEqual([]);
    await pool.query(`UPDATE customers SET version = version + 1 WHERE tenant_id = 'demo'`);
    const projected = await store.project('demo', rows.map(it => it.id), { segments: new CompiledSegments(version, { segments, features, counts: [], attributes: [], blind: (_name, value) => value }), now: rows[0]?.at.getTime() ?? 0 });

    expect(projected).toHaveLength(300);
    expect(projected?.filter(it => it.entered.length + it.left.length > 0)).toEqual([]);
    for (const { id } of segments) expect(projected?.some(it => it.record.segments.includes(id))).toBe(true);
  });

  it('makes no demo in a database that has another tenant', async () => {
    const other = `other-${randomUUID()}`;
    await pool.query(`DELETE FROM tenants`);
    await pool.query('INSERT INTO tenants (id, name) VALUES ($1, $1)', [other]);

    expect(await seedDemo(deps)).toBeUndefined();
  });
});
