import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Pool } from 'pg';
import type { Figure } from './figure.js';
import { median } from './measure.js';
import { startAttune, tenantId, type Shop } from './shop.js';
import type { FeatureDefinition } from '../src/features/feature.js';
import { features } from '../src/features/feature.schema.js';
import { MemoryBus } from '../src/platform/bus.memory.js';
import { segments } from '../src/segments/segment.schema.js';
import { put, remove } from '../src/tenants/definition-kind.js';
import type { DefinitionChange } from '../src/tenants/definitions.js';
import { PostgresDefinitions } from '../src/tenants/definitions.postgres.js';

const day = 86_400_000;
const counted = ([
  ['views_1d', 'number', { function: 'count', windowMs: day }],
  ['views_7d', 'number', { function: 'count', windowMs: 7 * day }],
  ['sessions_7d', 'number', { function: 'distinct', property: 'sessionId', windowMs: 7 * day }],
  ['last_page', 'string', { function: 'last', property: 'pageUrl', windowMs: 7 * day }],
  ['days_since_view', 'number', { function: 'recencyDays', windowMs: 30 * day }],
] as const).map(([name, valueType, aggregate]): FeatureDefinition => ({ name, description: '', valueType, ttlMs: 7 * day, aggregate: { event: 'page_view', ...aggregate } }));
const keen = { id: 'keen', name: 'Keen', description: '', condition: { did: { event: 'page_view', atLeast: 3, within: 'P1D' } } } as const;

const eventsOfBatch = 500;
const senders = 8;
const customers = 20_000;

export interface EventsLength {
  readonly rounds: number;
  /** Batches of a round. */
  readonly batches: number;
}

type Row = readonly [id: string, at: Date, customerId: string, type: string, properties: string];

interface Batch {
  readonly rows: readonly Row[];
  /** The same as NDJSON. */
  readonly body: string;
}

const bareSql = `
  INSERT INTO bare_events (tenant_id, id, at, received_at, customer_id, type, properties)
  SELECT $1, id, at, $7, customer_id, type, properties::jsonb
  FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[], string_to_array($6, E'\\n')) AS it(id, at, customer_id, type, properties)`;

/** Events by REST until they are acknowledged, beside a bare insert of the same rows into a table of the same shape, in turns, as many at once. */
export async function benchEvents(shop: Shop, length: EventsLength): Promise<readonly Figure[]> {
  const what = `${counted.length} features and a segment count them`;
  const figures = [await figureOf(shop, length, { each: 5, what: 'nothing counts them' }), await figureOf(shop, length, { each: 1, what: 'nothing counts them' })];
  await define(shop, [...counted.map(it => put(features, it.name, it)), put(segments, keen.id, keen)]);
  figures.push(await figureOf(shop, length, { each: 5, what }));
  await define(shop, [remove(segments, keen.id), ...counted.map(it => remove(features, it.name))]);
  return figures;
}

async function define({ databaseUrl }: Shop, changes: readonly DefinitionChange[]): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  await new PostgresDefinitions(pool, new MemoryBus(() => undefined), () => undefined).change(tenantId, 'bench', changes);
  await pool.end();
}

/** @param each events of one customer that come in a row */
async function figureOf(shop: Shop, { rounds, batches }: EventsLength, { each, what }: { readonly each: number; readonly what: string }): Promise<Figure> {
  const pool = new Pool({ connectionString: shop.databaseUrl, max: senders });
  const attune = await startAttune(shop);
  try {
    // It grows as the log does, from figure to figure.
    await pool.query(`CREATE TABLE IF NOT EXISTS bare_events (LIKE events INCLUDING ALL) PARTITION BY RANGE (at)`);
    await pool.query(`CREATE TABLE IF NOT EXISTS bare_events_all PARTITION OF bare_events FOR VALUES FROM ('2000-01-01') TO ('2100-01-01')`);
    const [ours, bare]: readonly [number[], number[]] = [[], []];
    for (let round = -1; round < rounds; round++) {
      const work = Array.from({ length: batches }, (_, i) => batchOf(rowsOf(round * batches + i, each)));
      // What the server still does for the events of the last round would slow the floor down.
      await settled(pool);
      const insert = await perSecond(work, ({ rows }) => insertBare(pool, rows));
      const send = await perSecond(work, it => sendTo(attune.url, shop.headers, it));
      if (round < 0) continue; // to warm up
      ours.push(send);
      bare.push(insert);
    }
    const { rows: [kept] } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM events WHERE tenant_id = 'bench'`);
    const behind = await countBehind(pool);
    return {
      name: `acknowledged events, ${each} of a customer in a row; ${what}`, value: median(ours), unit: 'events/s',
      floor: { name: 'bare unnest insert', value: median(bare), ratios: ours.map((it, round) => it / (bare[round] ?? Number.NaN)) }, goal: { of: 'ratio', atLeast: 0.4 },
      note: `${senders} senders of ${eventsOfBatch}; ${(kept?.count ?? 0).toLocaleString('en')} events kept; ${behind} of ${customers} customers still to be worked out`,
    };
  } finally {
    await attune.stop();
    await pool.end();
  }
}

async function countBehind(pool: Pool): Promise<number> {
  return (await pool.query(`SELECT FROM customers WHERE projected_version < version`)).rowCount ?? 0;
}

async function settled(pool: Pool): Promise<void> {
  while ((await countBehind(pool)) > 0) await setTimeout(50);
}

async function perSecond(work: readonly Batch[], send: (batch: Batch) => Promise<unknown>): Promise<number> {
  const left = [...work];
  const started = performance.now();
  await Promise.all(Array.from({ length: senders }, async () => {
    for (let it = left.pop(); it !== undefined; it = left.pop()) await send(it);
  }));
  return (work.length * eventsOfBatch * 1000) / (performance.now() - started);
}

function rowsOf(seed: number, each: number): readonly Row[] {
  return Array.from({ length: eventsOfBatch }, (_, i): Row => {
    const k = Math.abs(seed * eventsOfBatch + i);
    const properties = { sessionId: `s${k % 5000}`, pageUrl: `https://shop.example/p/${k % 300}`, userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', metadata: { position: k % 12 } };
    return [randomUUID(), new Date(Date.now() - (k % 3_600_000)), `customer-${(Math.floor(k / each) * 7919) % customers}`, 'page_view', JSON.stringify(properties)];
  });
}

const insertBare = (pool: Pool, rows: readonly Row[]): Promise<unknown> =>
  pool.query({
    name: 'bare', text: bareSql,
    values: ['bench', rows.map(it => it[0]), rows.map(it => it[1]), rows.map(it => it[2]), rows.map(it => it[3]), rows.map(it => it[4]).join('\n'), new Date()],
  });

function batchOf(rows: readonly Row[]): Batch {
  const lines = rows.map(([id, at, customerId, type, properties]) => `{"id":"${id}","at":"${at.toISOString()}","customerId":"${customerId}","type":"${type}","properties":${properties}}`);
  return { rows, body: lines.join('\n') };
}

async function sendTo(url: string, headers: Readonly<Record<string, string>>, { rows, body }: Batch): Promise<void> {
  const response = await fetch(`${url}/api/v1/events`, { method: 'POST', headers: { ...headers, 'content-type': 'application/x-ndjson' }, body });
  const { accepted } = (await response.json()) as { readonly accepted: number };
  if (accepted !== rows.length) throw new Error(`${accepted} of ${rows.length} events were taken`);
}
