import type { Pool, PoolClient } from 'pg';
import { LimitExceeded } from '../kernel/errors.js';
import { answered, inTransaction } from '../platform/postgres.js';
import type { HoldCustomers } from './held-customers.postgres.js';
import { mostIdentities, type Identity, type MergeEdge, type Merged, type Merging } from './identity.js';
import { joinCustomers, sealedName } from './join-customers.postgres.js';
import type { PostgresKeyring } from './keyring.postgres.js';
import type { PersonalAttributes } from './personal-attributes.postgres.js';

interface By {
  readonly actor: string;
  readonly now: number;
}

interface Owned {
  readonly kind: string;
  readonly blind: string;
  readonly of: string;
}

const edgeSql = 'INSERT INTO customer_merges (tenant_id, from_id, into_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING';
const ownersSql = `
  SELECT i.kind, i.blind, i.customer_id AS of FROM customer_identities i JOIN unnest($2::text[], $3::text[]) AS it(kind, blind) USING (kind, blind) WHERE tenant_id = $1`;
const addSql = `
  INSERT INTO customer_identities (tenant_id, kind, blind, customer_id, sealed, since) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`;
const countSql = 'SELECT count(*)::int AS count FROM customer_identities WHERE tenant_id = $1 AND customer_id = $2';
const kindsSql = 'SELECT kind, since, customer_id AS of FROM customer_identities WHERE tenant_id = $1 AND customer_id = ANY($2) ORDER BY kind, since, blind';
const auditSql = 'INSERT INTO audit_log (tenant_id, actor, action, subject, details) VALUES ($1, $2, $3, $4, $5)';

/** Somebody else was faster; what they left is read anew. */
class Overtaken extends Error {}

const attempts = 10;
const deadlock = '40P01';

export interface MergingDeps {
  readonly keyring: PostgresKeyring;
  readonly personal: PersonalAttributes;
  /** Resolves when what this process has decided is in the log, which says by what experiments go on assigning. */
  readonly logged: () => Promise<void>;
}

export class PostgresMerging implements Merging {
  readonly #pool: Pool;
  readonly #hold: HoldCustomers;
  readonly #keyring: PostgresKeyring;
  readonly #personal: PersonalAttributes;
  readonly #logged: () => Promise<void>;

  constructor(pool: Pool, hold: HoldCustomers, { keyring, personal, logged }: MergingDeps) {
    this.#pool = pool;
    this.#hold = hold;
    this.#keyring = keyring;
    this.#personal = personal;
    this.#logged = logged;
  }

  merge(tenantId: string, { from, into }: MergeEdge, by: By): Promise<Merged> {
    return this.#tried(async client => {
      const held = await this.#hold(client, tenantId, [from, into], by.now);
      const ids = [...new Set([held.idOf(from), held.idOf(into)])];
      await client.query(edgeSql, [tenantId, from, into, new Date(by.now)]);
      return this.#join(client, tenantId, ids, { ...by, made: held.made });
    });
  }

  identify(tenantId: string, { customerId, identities }: { readonly customerId: string; readonly identities: readonly Identity[] }, by: By): Promise<Merged> {
    return this.#tried(async client => {
      const { blindIdentity } = await this.#keyring.tenant(tenantId, client);
      const blinded = identities.map(it => ({ ...it, blind: blindIdentity(it.kind, it.value) }));
      const owners = await ownersOf(client, tenantId, blinded);
      const held = await this.#hold(client, tenantId, [customerId, ...owners.map(it => it.of)], by.now);
      const id = held.idOf(customerId);
      const now = await ownersOf(client, tenantId, blinded);
      const ids = [...new Set([id, ...now.map(it => it.of)])];
      const isHeld = new Set([id, ...owners.map(it => held.idOf(it.of))]);
      if (!ids.every(it => isHeld.has(it))) throw new Overtaken();
      const known = new Set(now.map(keyOf));
      const fresh = [...new Map(blinded.filter(it => !known.has(keyOf(it))).map(it => [keyOf(it), it])).values()];
      // Everybody in the same order: who adds one of the same waits here, and finds it.
      for (const it of fresh.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
        const sealed = await this.#personal.sealOne(client, { tenantId, customerId: id }, { name: sealedName(it.kind), value: it.value });
        const { rowCount } = await client.query(addSql, [tenantId, it.kind, it.blind, id, sealed, new Date(by.now)]);
        if (rowCount === 0) throw new Overtaken();
      }
      const merged = await this.#join(client, tenantId, ids, { ...by, made: held.made });
      const { rows: [total] } = await client.query<{ count: number }>(countSql, [tenantId, merged.customerId]);
      if ((total?.count ?? 0) > mostIdentities) throw new LimitExceeded(`A customer has at most ${mostIdentities} identities`, { details: { path: '/identities', limit: mostIdentities } });
      return merged;
    });
  }

  async find(tenantId: string, { kind, value }: Identity): Promise<string | undefined> {
    const { blindIdentity } = await this.#keyring.tenant(tenantId);
    const [owner] = await answered(ownersOf(this.#pool, tenantId, [{ kind, blind: blindIdentity(kind, value) }]));
    return owner?.of;
  }

  async kindsOf(tenantId: string, customerIds: readonly string[]): ReturnType<Merging['kindsOf']> {
    const { rows } = await answered(this.#pool.query<{ kind: string; since: Date; of: string }>(kindsSql, [tenantId, customerIds]));
    return new Map(customerIds.map(id => [id, rows.filter(it => it.of === id).map(({ kind, since }) => ({ kind, since }))]));
  }

  async #join(client: PoolClient, tenantId: string, ids: readonly string[], { actor, now, made }: By & { readonly made: readonly string[] }): Promise<Merged> {
    const joined = await joinCustomers(client, tenantId, { ids, now }, this.#personal);
    if (joined.isChanged) await client.query(auditSql, [tenantId, actor, 'merge', `customer/${joined.customerId}`, JSON.stringify({ ids: joined.aliases })]);
    return { ...joined, isChanged: joined.isChanged || made.length > 0 };
  }

  /** All or nothing; anew where somebody else was faster. */
  async #tried<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    await this.#logged();
    for (let attempt = 1; ; attempt++) {
      try {
        return await answered(inTransaction(this.#pool, work));
      } catch (error) {
        const mayTryAgain = error instanceof Overtaken || (error as { readonly code?: unknown }).code === deadlock;
        if (!mayTryAgain || attempt === attempts) throw error;
      }
    }
  }
}

const keyOf = ({ kind, blind }: Pick<Owned, 'kind' | 'blind'>): string => JSON.stringify([kind, blind]);

async function ownersOf(client: Pick<PoolClient, 'query'>, tenantId: string, identities: readonly Pick<Owned, 'kind' | 'blind'>[]): Promise<readonly Owned[]> {
  const { rows } = await client.query<Owned>(ownersSql, [tenantId, identities.map(it => it.kind), identities.map(it => it.blind)]);
  return rows;
}
