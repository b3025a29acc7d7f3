import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { DependencyUnavailable, Erased as Gone, LimitExceeded, NotFound } from '../kernel/errors.js';
import { uuidv7 } from '../kernel/ids.js';
import { canonicalJson, type Json } from '../kernel/json.js';
import { answered, inTransaction } from '../platform/postgres.js';
import { isSameMac } from '../platform/seal.js';
import { holdWriters } from '../platform/tombstones.js';
import { customerTables } from './customer-tables.js';
import { mostExported, type Erased, type Erasure, type ErasureReceipt, type Verification } from './erasure.js';
import type { HoldCustomers } from './held-customers.postgres.js';
import { sealedName } from './join-customers.postgres.js';
import type { PostgresKeyring } from './keyring.postgres.js';
import type { TenantSecrets } from './keyring.js';
import type { PersonalAttributes } from './personal-attributes.postgres.js';

/** Whose data, by all their ids, and of when. */
export interface Whose {
  readonly tenantId: string;
  readonly ids: readonly string[];
}

/** What is held of customers downstream of here. */
export interface HeldElsewhere {
  /** Makes anonymous what there is of a customer; returns the numbers of rows, by where they were. */
  anonymize(client: PoolClient, of: Whose & { readonly pseudonym: string }): Promise<Readonly<Record<string, number>>>;
  count(client: Pick<PoolClient, 'query'>, of: Whose): Promise<Readonly<Record<string, number>>>;
  rowsOf(client: Pick<PoolClient, 'query'>, of: Whose & { readonly limit: number }): Promise<Readonly<Record<string, readonly Json[]>>>;
}

interface ErasureRow {
  readonly id: string;
  readonly at: Date;
  readonly removed: Readonly<Record<string, number>>;
  readonly mac: string;
}

const knownSql = 'SELECT e.id, e.at, e.removed, e.mac FROM erased_ids i JOIN erasures e ON e.tenant_id = i.tenant_id AND e.id = i.erasure_id WHERE i.tenant_id = $1 AND i.hash = $2';
const receiptSql = 'SELECT id, at, removed, mac FROM erasures WHERE tenant_id = $1 AND id = $2';
const hashesSql = 'SELECT hash FROM erased_ids WHERE tenant_id = $1 AND erasure_id = $2';
const aliasesSql = 'SELECT alias AS id FROM customer_aliases WHERE tenant_id = $1 AND customer_id = $2';
const namesSql = `
  SELECT 'ATTRIBUTE' AS kind, jsonb_object_keys(attributes) AS name FROM customers WHERE tenant_id = $1 AND id = $2
  UNION SELECT 'FEATURE', name FROM customer_features WHERE tenant_id = $1 AND customer_id = $2
  UNION SELECT 'SEGMENT', segment_id FROM segment_members WHERE tenant_id = $1 AND customer_id = $2
  UNION SELECT 'CONSENT', purpose FROM customer_consents WHERE tenant_id = $1 AND customer_id = $2`;
const eventIdsSql = 'DELETE FROM event_ids USING events e WHERE event_ids.tenant_id = $1 AND e.tenant_id = $1 AND e.customer_id = ANY($2) AND event_ids.id = e.id';
const byCustomer = [...customerTables.map(it => it.table), 'customer_identities', 'customer_keys'];
const removals: readonly (readonly [what: string, sql: string])[] = [
  ['event_ids', eventIdsSql],
  ...byCustomer.map(it => [it, `DELETE FROM ${it} WHERE tenant_id = $1 AND customer_id = ANY($2)`] as const),
  ['customer_aliases', 'DELETE FROM customer_aliases WHERE tenant_id = $1 AND alias = ANY($2)'],
  ['customer_merges', 'DELETE FROM customer_merges WHERE tenant_id = $1 AND (from_id = ANY($2) OR into_id = ANY($2))'],
  ['customers', 'DELETE FROM customers WHERE tenant_id = $1 AND id = ANY($2)'],
];
const unindexedSql = 'SELECT customer_id AS id FROM unindexed_removals WHERE tenant_id = $1';
const hushSql = `UPDATE audit_log SET subject = $3, details = '{}' WHERE tenant_id = $1 AND subject = ANY($2)`;
const tombstonesSql = 'INSERT INTO erased_ids (tenant_id, hash, erasure_id) SELECT $1, it, $3 FROM unnest($2::text[]) AS it';
const erasureSql = 'INSERT INTO erasures (tenant_id, id, at, actor, removed, mac) VALUES ($1, $2, $3, $4, $5, $6)';
const auditSql = 'INSERT INTO audit_log (tenant_id, actor, action, subject, details) VALUES ($1, $2, $3, $4, $5)';
const remainingSql = [
  ...[...byCustomer, 'unindexed_removals'].map(it => `SELECT '${it}' AS what, count(*)::int AS count FROM ${it} WHERE tenant_id = $1 AND customer_id = $2`),
  `SELECT 'customers', count(*)::int FROM customers WHERE tenant_id = $1 AND id = $2`,
  `SELECT 'customer_aliases', count(*)::int FROM customer_aliases WHERE tenant_id = $1 AND (alias = $2 OR customer_id = $2)`,
  `SELECT 'customer_merges', count(*)::int FROM customer_merges WHERE tenant_id = $1 AND (from_id = $2 OR into_id = $2)`,
  `SELECT 'audit_log', count(*)::int FROM audit_log WHERE tenant_id = $1 AND subject = 'customer/' || $2`,
].join(' UNION ALL ');
const customerSql = `
  SELECT id, attributes, sealed, attribute_times, consents, unit, created_at, updated_at, version FROM customers
  WHERE tenant_id = $1 AND id = COALESCE((SELECT customer_id FROM customer_aliases WHERE tenant_id = $1 AND alias = $2), $2)`;
const mergesSql = 'SELECT from_id, into_id, at FROM customer_merges WHERE tenant_id = $1 AND (from_id = ANY($2) OR into_id = ANY($2)) ORDER BY at';
const auditedSql = `SELECT at, actor, action, subject, details FROM audit_log WHERE tenant_id = $1 AND subject IN (SELECT 'customer/' || it FROM unnest($2::text[]) AS it) ORDER BY id`;
const identitiesSql = 'SELECT kind, sealed, since FROM customer_identities WHERE tenant_id = $1 AND customer_id = $2 ORDER BY kind, since, blind';

interface CustomerRow {
  readonly id: string;
  readonly attributes: Parameters<PersonalAttributes['opened']>[2]['attributes'];
  readonly sealed: Readonly<Record<string, string>>;
  readonly [column: string]: unknown;
}

/** The index is written to every half second. */
const lookEveryMs = 50;
const patienceMs = 10_000;

export interface ErasureDeps {
  readonly pool: Pool;
  readonly hold: HoldCustomers;
  readonly keyring: PostgresKeyring;
  readonly personal: PersonalAttributes;
  readonly elsewhere: HeldElsewhere;
  /** Removes what is made from customers outside of the database. Called before the commit: where it fails, nothing is erased, and it can be asked for again. */
  readonly forget: (tenantId: string, customerIds: readonly string[], changes: Erased['changes']) => Promise<void>;
}

export class PostgresErasure implements Erasure {
  readonly #deps: ErasureDeps;

  constructor(deps: ErasureDeps) {
    this.#deps = deps;
  }

  erase(tenantId: string, customerId: string, by: { readonly actor: string; readonly now: number }): Promise<Erased> {
    const { pool, hold, keyring } = this.#deps;
    return answered(inTransaction(pool, async client => {
      const secrets = await keyring.tenant(tenantId, client);
      const held = await hold(client, tenantId, [customerId], by.now); // before it looks: somebody else may be at it
      const { rows: [known] } = await client.query<ErasureRow>(knownSql, [tenantId, secrets.hashOf(customerId)]);
      if (known !== undefined) return { receipt: receiptOf(known), ids: [], changes: [] };
      const id = held.idOf(customerId);
      const { rows: aliases } = await client.query<{ id: string }>(aliasesSql, [tenantId, id]);
      const ids = [id, ...aliases.map(it => it.id)];
      const { rows: changes } = await client.query<Erased['changes'][number]>(namesSql, [tenantId, id]);
      const receipt = await this.#remove(client, { tenantId, ids }, secrets, by);
      await this.#deps.forget(tenantId, ids, changes);
      return { receipt, ids, changes };
    }));
  }

  async verify(tenantId: string, { id, mac, customerId }: { readonly id: string; readonly mac: string; readonly customerId: string | undefined }): Promise<Verification> {
    const { pool, keyring, elsewhere } = this.#deps;
    const secrets = await keyring.tenant(tenantId);
    const { rows: [row] } = await answered(pool.query<ErasureRow>(receiptSql, [tenantId, id]));
    if (row === undefined) return { isGenuine: false, coversId: customerId === undefined ? null : false, remaining: {} };
    const { rows: hashes } = await answered(pool.query<{ hash: string }>(hashesSql, [tenantId, id]));
    const isGenuine = isSameMac(mac, macOf(secrets, row, hashes.map(it => it.hash)));
    if (customerId === undefined) return { isGenuine, coversId: null, remaining: {} };
    const coversId = hashes.some(it => it.hash === secrets.hashOf(customerId));
    const { rows } = await answered(pool.query<{ what: string; count: number }>(remainingSql, [tenantId, customerId]));
    const counts = { ...Object.fromEntries(rows.map(it => [it.what, it.count])), ...(await elsewhere.count(pool, { tenantId, ids: [customerId] })) };
    return { isGenuine, coversId, remaining: Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)) };
  }

  exportOf(tenantId: string, customerId: string, actor: string): Promise<Readonly<Record<string, Json>>> {
    const { pool, personal, elsewhere } = this.#deps;
    return answered(inTransaction(pool, async client => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      const { rows: [customer] } = await client.query<CustomerRow>(customerSql, [tenantId, customerId]);
      if (customer === undefined) throw await this.#notThere(client, tenantId, customerId);
      const { id, sealed: _sealed, ...rest } = customer;
      const { rows: aliases } = await client.query<{ id: string }>(aliasesSql, [tenantId, id]);
      const ids = [id, ...aliases.map(it => it.id)];
      const parts: Record<string, unknown> = {
        customer: { id, ...rest, attributes: await personal.opened(client, tenantId, customer), aliases: ids.slice(1).sort() },
        identities: await this.#identities(client, tenantId, id),
        merges: (await client.query(mergesSql, [tenantId, ids])).rows,
        audit_log: (await client.query(auditedSql, [tenantId, ids])).rows,
      };
      for (const { table } of customerTables) {
        const { rows } = await client.query<{ it: Json }>(`SELECT to_jsonb(t) - 'tenant_id' AS it FROM ${table} t WHERE tenant_id = $1 AND customer_id = $2 LIMIT ${mostExported + 1}`, [tenantId, id]);
        parts[table] = within(rows.map(it => it.it), table);
      }
      for (const [what, rows] of Object.entries(await elsewhere.rowsOf(client, { tenantId, ids, limit: mostExported + 1 }))) parts[what] = within(rows, what);
      await client.query(auditSql, [tenantId, actor, 'export', `customer/${id}`, '{}']);
      return JSON.parse(JSON.stringify(parts)) as Record<string, Json>;
    }));
  }

  /** Resolves when the search index has dropped whom it covers. @throws DependencyUnavailable where that does not come about */
  async unindexed(tenantId: string, { id }: Pick<ErasureReceipt, 'id'>): Promise<void> {
    const { pool, keyring } = this.#deps;
    const { hashOf } = await keyring.tenant(tenantId);
    const { rows: hashes } = await answered(pool.query<{ hash: string }>(hashesSql, [tenantId, id]));
    const covered = new Set(hashes.map(it => it.hash));
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      const { rows } = await answered(pool.query<{ id: string }>(unindexedSql, [tenantId]));
      if (!rows.some(it => covered.has(hashOf(it.id)))) return;
      if (waitedMs >= patienceMs) throw new DependencyUnavailable('The customer has been erased, but the search index, which does not answer, holds a document of them yet; ask again for the receipt');
      await sleep(lookEveryMs);
    }
  }

  async #remove(client: PoolClient, { tenantId, ids }: Whose, secrets: TenantSecrets, { actor, now }: { readonly actor: string; readonly now: number }): Promise<ErasureReceipt> {
    const id = uuidv7(now);
    const at = new Date(now);
    const pseudonym = `erased:${id}`;
    await holdWriters(client, tenantId);
    const removed: Record<string, number> = {};
    for (const [what, sql] of removals) removed[what] = (await client.query(sql, [tenantId, ids])).rowCount ?? 0;
    Object.assign(removed, await this.#deps.elsewhere.anonymize(client, { tenantId, ids, pseudonym }));
    await client.query(hushSql, [tenantId, ids.map(it => `customer/${it}`), `customer/${pseudonym}`]);
    const hashes = ids.map(secrets.hashOf);
    const mac = macOf(secrets, { id, at, removed }, hashes);
    await client.query(tombstonesSql, [tenantId, hashes, id]);
    await client.query(erasureSql, [tenantId, id, at, actor, JSON.stringify(removed), mac]);
    await client.query(auditSql, [tenantId, actor, 'erase', `customer/${pseudonym}`, JSON.stringify(removed)]);
    return { id, erasedAt: at, removed, mac };
  }

  /** What to tell who asks for somebody who is not there. */
  async #notThere(client: PoolClient, tenantId: string, customerId: string): Promise<NotFound | Gone> {
    const { hashOf } = await this.#deps.keyring.tenant(tenantId, client);
    const { rows: [erasure] } = await client.query<ErasureRow>(knownSql, [tenantId, hashOf(customerId)]);
    if (erasure === undefined) return new NotFound('There is no such customer', { details: { path: '/customerId' } });
    return new Gone('The customer has been erased', { details: { path: '/customerId', erasure: erasure.id, erasedAt: erasure.at.toISOString() } });
  }

  async #identities(client: PoolClient, tenantId: string, id: string): Promise<readonly unknown[]> {
    const { rows } = await client.query<{ kind: string; sealed: string; since: Date }>(identitiesSql, [tenantId, id]);
    return Promise.all(rows.map(async ({ kind, sealed, since }) => {
      const name = sealedName(kind);
      const opened = await this.#deps.personal.opened(client, tenantId, { id, attributes: {}, sealed: { [name]: sealed } });
      return { kind, value: opened[name], since };
    }));
  }
}

const receiptOf = ({ id, at, removed, mac }: ErasureRow): ErasureReceipt => ({ id, erasedAt: at, removed, mac });

function macOf({ sign }: TenantSecrets, { id, at, removed }: Omit<ErasureRow, 'mac'>, hashes: readonly string[]): string {
  return sign('erasure', id, at.toISOString(), canonicalJson(removed), ...[...hashes].sort());
}

function within<T>(rows: readonly T[], part: string): readonly T[] {
  if (rows.length > mostExported) throw new LimitExceeded('There is more than one answer can hold', { details: { part, limit: mostExported } });
  return rows;
}
