import type { Pool, PoolClient } from 'pg';
import { LRUCache } from 'lru-cache';
import { InvariantViolation } from '../kernel/errors.js';
import type { MasterKeys } from '../platform/master-keys.js';
import { answered, inTransaction } from '../platform/postgres.js';
import type { KeyRotation, KeyRotations, TenantSecrets } from './keyring.js';
import { derivedKey, mac, newKey, open, seal } from '../platform/seal.js';

interface Wrapped {
  readonly id: string;
  readonly master_key: string;
  readonly wrapped: string;
}

type Queryable = Pick<PoolClient, 'query'>;

const tenantSql = `
  SELECT tenant_id AS id, master_key, wrapped, COALESCE(xmin = pg_current_xact_id_if_assigned()::xid, false) AS is_ours FROM tenant_keys WHERE tenant_id = $1`;
const makeTenantSql = 'INSERT INTO tenant_keys (tenant_id, master_key, wrapped) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
const customersSql = 'SELECT customer_id AS id, master_key, wrapped FROM customer_keys WHERE tenant_id = $1 AND customer_id = ANY($2)';
const makeCustomersSql = `
  INSERT INTO customer_keys (tenant_id, customer_id, master_key, wrapped) SELECT $1, it.id, $2, it.wrapped FROM unnest($3::text[], $4::text[]) AS it(id, wrapped)`;
const oldSql = `
  SELECT customer_id AS id, master_key, wrapped FROM customer_keys WHERE tenant_id = $1 AND master_key <> $2
  ORDER BY customer_id LIMIT $3 FOR UPDATE SKIP LOCKED`;
const rewrapSql = `
  UPDATE customer_keys k SET master_key = $2, wrapped = it.wrapped FROM unnest($3::text[], $4::text[]) AS it(id, wrapped)
  WHERE k.tenant_id = $1 AND k.customer_id = it.id`;
const rewrapTenantSql = 'UPDATE tenant_keys SET master_key = $2, wrapped = $3 WHERE tenant_id = $1 AND master_key = $4';
const progressSql = `
  SELECT count(*)::int AS total, (count(*) FILTER (WHERE master_key = $2))::int AS done FROM (
    SELECT master_key FROM customer_keys WHERE tenant_id = $1 UNION ALL SELECT master_key FROM tenant_keys WHERE tenant_id = $1
  ) AS keys`;
const masterKeysSql = 'SELECT DISTINCT master_key FROM tenant_keys UNION SELECT DISTINCT master_key FROM customer_keys';

const pageSize = 500;
const tenantsKept = 10_000;

/** Keys of tenants and customers: kept in the database, wrapped by master keys that are not. */
export class PostgresKeyring implements KeyRotations {
  readonly #pool: Pool;
  readonly #master: MasterKeys;
  readonly #tenants = new LRUCache<string, TenantSecrets>({ max: tenantsKept });

  constructor(pool: Pool, master: MasterKeys) {
    this.#pool = pool;
    this.#master = master;
  }

  /**
   * Made when it is first asked for.
   * @param client within a transaction, the one that it is on: who waits for a second connection while they hold one may wait for ever
   */
  async tenant(tenantId: string, client: Queryable = this.#pool): Promise<TenantSecrets> {
    const known = this.#tenants.get(tenantId);
    if (known !== undefined) return known;
    const { key, isCommitted } = (await this.#tenantKey(tenantId, client)) ?? (await this.#makeTenantKey(tenantId, client));
    const [blindKey, identityKey, idKey, receiptKey] = ['blind index', 'identity', 'erased id', 'receipt'].map(it => derivedKey(key, it)) as [Buffer, Buffer, Buffer, Buffer];
    const secrets: TenantSecrets = {
      blind: (name, value) => `~${mac(blindKey, name, JSON.stringify(value)).slice(0, 27)}`,
      blindIdentity: (kind, value) => mac(identityKey, kind, value),
      hashOf: id => mac(idKey, id),
      sign: (...parts) => mac(receiptKey, ...parts),
    };
    if (isCommitted) this.#tenants.set(tenantId, secrets);
    return secrets;
  }

  /** The keys of those customers who have one. */
  async find(client: Queryable, tenantId: string, customerIds: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const { rows } = await client.query<Wrapped>(customersSql, [tenantId, customerIds]);
    return new Map(rows.map(it => [it.id, this.#unwrap(customerPlace(tenantId, it.id), it)]));
  }

  /** The keys of these customers, who are held; those missing are made. */
  async findOrMake(client: Queryable, tenantId: string, customerIds: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const found = await this.find(client, tenantId, customerIds);
    const missing = [...new Set(customerIds)].filter(it => !found.has(it));
    if (missing.length === 0) return found;
    const made = new Map(missing.map(it => [it, newKey()]));
    const master = this.#master.newest();
    const wrapped = [...made].map(([id, key]) => seal(master.bytes, customerPlace(tenantId, id), key));
    await client.query(makeCustomersSql, [tenantId, master.id, missing, wrapped]);
    return new Map([...found, ...made]);
  }

  async rotate(tenantId: string): Promise<void> {
    this.#master.reload();
    const master = this.#master.newest();
    const { rows: [tenant] } = await answered(this.#pool.query<Wrapped>(tenantSql, [tenantId]));
    if (tenant !== undefined && tenant.master_key !== master.id) {
      const key = this.#unwrap(tenantPlace(tenantId), tenant);
      await answered(this.#pool.query(rewrapTenantSql, [tenantId, master.id, seal(master.bytes, tenantPlace(tenantId), key), tenant.master_key]));
    }
    while ((await answered(this.#rotatePage(tenantId))) === pageSize);
  }

  async progress(tenantId: string): Promise<KeyRotation> {
    const masterKey = this.#master.newest().id;
    const { rows: [counts] } = await answered(this.#pool.query<{ total: number; done: number }>(progressSql, [tenantId, masterKey]));
    return { masterKey, total: counts?.total ?? 0, done: counts?.done ?? 0 };
  }

  /** @throws DependencyUnavailable where something is wrapped by a master key that is not known here */
  async check(): Promise<void> {
    const { rows } = await answered(this.#pool.query<{ master_key: string }>(masterKeysSql));
    for (const { master_key: id } of rows) this.#master.find(id);
  }

  #rotatePage(tenantId: string): Promise<number> {
    return inTransaction(this.#pool, async client => {
      const master = this.#master.newest();
      const { rows } = await client.query<Wrapped>(oldSql, [tenantId, master.id, pageSize]);
      const wrapped = rows.map(it => seal(master.bytes, customerPlace(tenantId, it.id), this.#unwrap(customerPlace(tenantId, it.id), it)));
      await client.query(rewrapSql, [tenantId, master.id, rows.map(it => it.id), wrapped]);
      return rows.length;
    });
  }

  async #tenantKey(tenantId: string, client: Queryable): Promise<{ readonly key: Buffer; readonly isCommitted: boolean } | undefined> {
    const { rows: [row] } = await answered(client.query<Wrapped & { readonly is_ours: boolean }>(tenantSql, [tenantId]));
    return row && { key: this.#unwrap(tenantPlace(tenantId), row), isCommitted: !row.is_ours };
  }

  async #makeTenantKey(tenantId: string, client: Queryable): Promise<{ readonly key: Buffer; readonly isCommitted: boolean }> {
    const master = this.#master.newest();
    await answered(client.query(makeTenantSql, [tenantId, master.id, seal(master.bytes, tenantPlace(tenantId), newKey())]));
    const key = await this.#tenantKey(tenantId, client);
    if (key === undefined) throw new InvariantViolation('A key that was made is there');
    return key;
  }

  #unwrap(place: string, { master_key: id, wrapped }: Wrapped): Buffer {
    return open(this.#master.find(id).bytes, place, wrapped);
  }
}

const tenantPlace = (tenantId: string): string => JSON.stringify(['tenant key', tenantId]);
const customerPlace = (tenantId: string, customerId: string): string => JSON.stringify(['customer key', tenantId, customerId]);
