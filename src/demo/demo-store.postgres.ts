import type { Pool, PoolClient } from 'pg';
import type { FeatureReading } from '../customers/online-record.js';
import { encodeBody } from '../decisions/decision-record.js';
import { inTransaction } from '../platform/postgres.js';
import { featuresAt } from './customer-features.js';
import { segmentsOf } from './history.js';
import type { DemoMonth } from './month.js';
import type { DemoWorld } from './world.js';

const seededAction = 'seed';
const actor = 'demo';

/** Due at once: when time changes them next is worked out when they are looked at first. */
const customersSql = `
  INSERT INTO customers (tenant_id, id, attributes, projected_version, rules_version, created_at, updated_at, due_at)
  SELECT $1, id, attributes::jsonb, 1, rules, at, $2, $2
  FROM unnest($3::text[], string_to_array($4, E'\\n'), $5::timestamptz[]) AS it(id, attributes, at), attune_rules_version($1) AS rules`;

const featuresSql = `
  INSERT INTO customer_features (tenant_id, customer_id, name, value, at)
  SELECT $1, customer, name, value::jsonb, at FROM unnest($2::text[], $3::text[], string_to_array($4, E'\\n'), $5::timestamptz[]) AS it(customer, name, value, at)`;

const membersSql = `
  INSERT INTO segment_members (tenant_id, segment_id, customer_id, since)
  SELECT $1, segment, customer, $2 FROM unnest($3::text[], $4::text[]) AS it(segment, customer)`;

const eventsSql = `
  WITH ids AS (INSERT INTO event_ids (tenant_id, id, at) SELECT $1, id, at FROM unnest($2::text[], $3::timestamptz[]) AS it(id, at))
  INSERT INTO events (tenant_id, id, at, received_at, customer_id, type, properties)
  SELECT $1, id, at, at, customer, type, properties::jsonb
  FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[], string_to_array($6, E'\\n')) AS it(id, at, customer, type, properties)`;

const decisionsSql = `
  INSERT INTO decisions (tenant_id, id, decided_at, customer_id, placement_id, item_id, propensity, level, snapshot_version, record)
  SELECT $1, * FROM unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::bigint[], string_to_array($10, E'\\n'))`;

const outcomesSql = `
  INSERT INTO outcomes (tenant_id, id, decision_id, kind, value, at, received_at)
  SELECT $1, id, decision, kind, value, at, at FROM unnest($2::text[], $3::uuid[], $4::text[], $5::float8[], $6::timestamptz[]) AS it(id, decision, kind, value, at)`;

const daysSql = `
  SELECT attune_ensure_day(parent, day::date) FROM unnest(ARRAY['events', 'decisions']) AS parent, unnest($1::text[]) AS day ORDER BY parent, day`;

/** Keeps the demo's month where the server keeps everything. */
export class DemoStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async hasTenants(): Promise<boolean> {
    const { rows } = await this.#pool.query('SELECT FROM tenants LIMIT 1');
    return rows.length > 0;
  }

  /** When the tenant was made, in epoch milliseconds, and whether its month is there; undefined without the tenant. */
  async stateOf(tenantId: string): Promise<{ readonly createdAt: number; readonly configVersion: number; readonly isSeeded: boolean } | undefined> {
    const { rows: [row] } = await this.#pool.query<{ created_at: Date; config_version: string; seeded: boolean }>(
      `SELECT created_at, config_version, EXISTS (SELECT FROM audit_log a WHERE a.tenant_id = t.id AND a.actor = $2 AND a.action = $3) AS seeded
       FROM tenants t WHERE t.id = $1`,
      [tenantId, actor, seededAction],
    );
    return row && { createdAt: row.created_at.getTime(), configVersion: Number(row.config_version), isSeeded: row.seeded };
  }

  /** Runs `work` alone among all processes on this database. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    try {
      await client.query(`SELECT pg_advisory_lock(hashtext('attune demo'))`);
      return await work();
    } finally {
      client.release(true); // closes the connection, and with it gives the lock back
    }
  }

  /** All of it and the note that it is there, or nothing. Its outcomes wait for the learner as live ones do. */
  async write(tenantId: string, world: DemoWorld, month: DemoMonth): Promise<void> {
    await this.#makePartitions(world, month);
    await inTransaction(this.#pool, async client => {
      await writeCustomers(client, tenantId, world);
      await writeEvents(client, tenantId, world);
      await writeTrials(client, tenantId, month);
      await client.query('INSERT INTO audit_log (tenant_id, actor, action, subject) VALUES ($1, $2, $3, $4)', [tenantId, actor, seededAction, `tenant/${tenantId}`]);
    });
  }

  async #makePartitions({ events }: DemoWorld, { trials }: DemoMonth): Promise<void> {
    const times = [...[...events.values()].flat().map(it => it.at), ...trials.map(({ record }) => record.request.decidedAt)];
    await this.#pool.query(daysSql, [[...new Set(times.map(at => new Date(at).toISOString().slice(0, 10)))]]);
  }
}

/** With their features and segments as of the world's now, so that nothing is left to project. */
async function writeCustomers(client: PoolClient, tenantId: string, world: DemoWorld): Promise<void> {
  const { customers, events, now } = world;
  await client.query(customersSql, [
    tenantId,
    new Date(now),
    customers.map(it => it.id),
    lines(customers.map(it => it.attributes)),
    customers.map(it => new Date(it.signedUpAt)),
  ]);
  const known = customers.map(({ id, attributes }) => ({ id, attributes, features: featuresAt(events.get(id) ?? [], now) }));
  const readings = known.flatMap(({ id, features }) => Object.entries(features).map(([name, it]: [string, FeatureReading]) => ({ id, name, ...it })));
  await client.query(featuresSql, [
    tenantId,
    readings.map(it => it.id),
    readings.map(it => it.name),
    lines(readings.map(it => it.value)),
    readings.map(it => new Date(it.at)),
  ]);
  const members = known.flatMap(it => segmentsOf(world, it, now).map(segmentId => ({ segmentId, id: it.id })));
  await client.query(membersSql, [tenantId, new Date(now), members.map(it => it.segmentId), members.map(it => it.id)]);
}

async function writeEvents(client: PoolClient, tenantId: string, world: DemoWorld): Promise<void> {
  const events = [...world.events.values()].flat();
  await client.query(eventsSql, [
    tenantId,
    events.map(it => it.id),
    events.map(it => new Date(it.at)),
    events.map(it => it.customerId),
    events.map(it => it.type),
    lines(events.map(it => it.properties)),
  ]);
}

async function writeTrials(client: PoolClient, tenantId: string, { trials }: DemoMonth): Promise<void> {
  const records = trials.map(it => it.record);
  await client.query(decisionsSql, [
    tenantId,
    records.map(it => it.request.id),
    records.map(it => new Date(it.request.decidedAt)),
    records.map(it => it.request.customerId),
    records.map(it => it.request.placementId),
    records.map(it => it.answer.selectedItemId),
    records.map(it => it.answer.propensity),
    records.map(it => it.answer.level),
    records.map(it => it.snapshotVersion),
    records.map(encodeBody).join('\n'),
  ]);
  const outcomes = trials.flatMap(it => it.outcomes);
  await client.query(outcomesSql, [
    tenantId,
    outcomes.map(it => it.id),
    outcomes.map(it => it.decisionId),
    outcomes.map(it => it.kind),
    outcomes.map(it => it.value),
    outcomes.map(it => new Date(it.at)),
  ]);
}

/** One text, a line a value: JSON holds no line break, and an array of texts would have each quote escaped. */
const lines = (values: readonly unknown[]): string => values.map(it => JSON.stringify(it)).join('\n');
