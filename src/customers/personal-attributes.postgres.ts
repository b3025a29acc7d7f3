import type { Pool, PoolClient } from 'pg';
import { NotFound } from '../kernel/errors.js';
import { answered, inTransaction } from '../platform/postgres.js';
import type { AttributeFact, Attributes } from './customer.js';
import type { PostgresKeyring } from './keyring.postgres.js';
import type { FeatureValue } from './online-record.js';
import { blindValue, type Reveal } from './sealed-attributes.js';
import { open, seal } from '../platform/seal.js';

/** Whose attributes. */
interface Of {
  readonly tenantId: string;
  readonly customerId: string;
}

type SealedFact = AttributeFact & { readonly sealed?: string };

interface Row {
  readonly id: string;
  readonly attributes: Attributes;
  readonly sealed: Readonly<Record<string, string>>;
}

/** Writers go by the declarations that they read after this; who makes an attribute personal waits for those who read before. */
const shareSql = 'SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 1))';
const waitSql = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 1))';
const personalSql = `
  SELECT id AS name FROM definitions
  WHERE tenant_id = $1 AND kind = 'attribute' AND until IS NULL AND id = ANY($2) AND body ->> 'personal' = 'true'`;
const openSql = `
  SELECT id, attributes, sealed FROM customers
  WHERE tenant_id = $1 AND attributes ? $2 AND NOT sealed ? $2 AND ($3::text IS NULL OR id > $3) ORDER BY id LIMIT $4 FOR UPDATE`;
const sealSql = `
  UPDATE customers c SET attributes = jsonb_set(c.attributes, ARRAY[$2], it.value::jsonb), sealed = jsonb_set(c.sealed, ARRAY[$2], to_jsonb(it.sealed))
  FROM unnest($3::text[], $4::text[], $5::text[]) AS it(id, value, sealed) WHERE c.tenant_id = $1 AND c.id = it.id`;
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';
const oneSql = `
  SELECT id, attributes, sealed FROM customers
  WHERE tenant_id = $1 AND id = COALESCE((SELECT customer_id FROM customer_aliases WHERE tenant_id = $1 AND alias = $2), $2)`;
const auditSql = 'INSERT INTO audit_log (tenant_id, actor, action, subject, details) VALUES ($1, $2, $3, $4, $5)';

const pageSize = 500;

/** Keeps the values of personal attributes under their customers' keys, and their blind indexes where the values would be. */
export class PersonalAttributes implements Reveal {
  readonly #pool: Pool;
  readonly #keyring: PostgresKeyring;

  constructor(pool: Pool, keyring: PostgresKeyring) {
    this.#pool = pool;
    this.#keyring = keyring;
  }

  /** The facts as they may be kept: of personal ones the blind index, and the value sealed. Within the transaction that keeps them. */
  async sealed(client: PoolClient, { tenantId, customerId }: Of, facts: readonly AttributeFact[]): Promise<readonly SealedFact[]> {
    await client.query(shareSql, [tenantId]);
    const { rows } = await client.query<{ name: string }>(personalSql, [tenantId, facts.map(it => it.name)]);
    const personal = new Set(rows.map(it => it.name));
    if (!facts.some(({ name, value }) => value !== null && personal.has(name))) return facts;
    const secrets = await this.#keyring.tenant(tenantId, client);
    const key = (await this.#keyring.findOrMake(client, tenantId, [customerId])).get(customerId) ?? Buffer.alloc(0);
    return facts.map(({ name, value, at }) => {
      if (value === null || !personal.has(name)) return { name, value, at };
      return { name, value: blindValue(secrets, name, value), at, sealed: seal(key, placeOf({ tenantId, customerId }, name), bytesOf(value)) };
    });
  }

  /** Seals what customers have of an attribute that was not personal before. Cut off, it goes on where it was when it is called again. Returns who changed, page by page. */
  async *sealAll(tenantId: string, name: string, now: number): AsyncGenerator<readonly string[]> {
    await answered(inTransaction(this.#pool, client => client.query(waitSql, [tenantId])));
    let after: string | null = null;
    do {
      const ids: readonly string[] = await answered(this.#sealPage(tenantId, name, { after, now }));
      yield ids;
      after = ids.length === pageSize ? (ids.at(-1) ?? null) : null;
    } while (after !== null);
  }

  reveal({ tenantId, customerId }: Of, actor: string): ReturnType<Reveal['reveal']> {
    return answered(inTransaction(this.#pool, async client => {
      const { rows: [row] } = await client.query<Row>(oneSql, [tenantId, customerId]);
      if (row === undefined) throw new NotFound('There is no such customer', { details: { path: '/customerId' } });
      await client.query(auditSql, [tenantId, actor, 'reveal', `customer/${row.id}`, JSON.stringify({ attributes: Object.keys(row.sealed).sort() })]);
      return { customerId: row.id, attributes: await this.opened(client, tenantId, row) };
    }));
  }

  /** One value of a customer, who is held, sealed under a name. */
  async sealOne(client: PoolClient, of: Of, { name, value }: { readonly name: string; readonly value: FeatureValue }): Promise<string> {
    const key = (await this.#keyring.findOrMake(client, of.tenantId, [of.customerId])).get(of.customerId) ?? Buffer.alloc(0);
    return seal(key, placeOf(of, name), bytesOf(value));
  }

  /** All attributes of a customer, the personal ones in the clear. */
  async opened(client: Pick<PoolClient, 'query'>, tenantId: string, { id, attributes, sealed }: Row): Promise<Attributes> {
    if (Object.keys(sealed).length === 0) return attributes;
    const key = (await this.#keyring.find(client, tenantId, [id])).get(id) ?? Buffer.alloc(0);
    const values = Object.entries(sealed).map(([name, text]) => [name, valueOf(open(key, placeOf({ tenantId, customerId: id }, name), text))] as const);
    return Object.fromEntries([...Object.entries(attributes), ...values]);
  }

  /** What was sealed for one customer, sealed for another: both are held, and keys are made where they are missing. */
  async resealed(client: PoolClient, tenantId: string, { from, into, sealed }: { readonly from: string; readonly into: string; readonly sealed: Row['sealed'] }): Promise<Row['sealed']> {
    if (Object.keys(sealed).length === 0) return {};
    const keys = await this.#keyring.findOrMake(client, tenantId, [from, into]);
    const [fromKey, intoKey] = [keys.get(from) ?? Buffer.alloc(0), keys.get(into) ?? Buffer.alloc(0)];
    return Object.fromEntries(Object.entries(sealed).map(([name, text]) => {
      const plain = open(fromKey, placeOf({ tenantId, customerId: from }, name), text);
      return [name, seal(intoKey, placeOf({ tenantId, customerId: into }, name), plain)];
    }));
  }

  #sealPage(tenantId: string, name: string, { after, now }: { readonly after: string | null; readonly now: number }): Promise<readonly string[]> {
    return inTransaction(this.#pool, async client => {
      const { rows } = await client.query<Row>(openSql, [tenantId, name, after, pageSize]);
      if (rows.length === 0) return [];
      const secrets = await this.#keyring.tenant(tenantId, client);
      const ids = rows.map(it => it.id);
      const keys = await this.#keyring.findOrMake(client, tenantId, ids);
      const plain = rows.map(({ attributes }) => new Map(Object.entries(attributes)).get(name) ?? '');
      await client.query(sealSql, [
        tenantId, name, ids,
        plain.map(value => JSON.stringify(blindValue(secrets, name, value))),
        plain.map((value, i) => seal(keys.get(ids[i] ?? '') ?? Buffer.alloc(0), placeOf({ tenantId, customerId: ids[i] ?? '' }, name), bytesOf(value))),
      ]);
      await client.query(changeSql, [tenantId, ids, ids.map(() => `ATTRIBUTE ${name}`), new Date(now)]);
      return ids;
    });
  }
}

const placeOf = ({ tenantId, customerId }: Of, name: string): string => JSON.stringify(['attribute', tenantId, customerId, name]);
const bytesOf = (value: FeatureValue): Buffer => Buffer.from(JSON.stringify(value));
const valueOf = (bytes: Buffer): FeatureValue => JSON.parse(bytes.toString()) as FeatureValue;
