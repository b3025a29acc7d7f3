import type { Pool, PoolClient } from 'pg';
import { NotFound } from '../kernel/errors.js';
import type { Json } from '../kernel/json.js';
import { configTopic, type Bus } from '../platform/bus.js';
import { databaseFailure, inTransaction } from '../platform/postgres.js';
import type {
  ChangeNote, ChangePlan, Configuration, ConfigurationChanged, Definition, DefinitionChange, DefinitionKind, Definitions, LiveDefinitions,
} from './definitions.js';

interface Row {
  readonly kind: DefinitionKind;
  readonly id: string;
  readonly since: string;
  readonly body: Json;
}

type Queryable = Pick<PoolClient, 'query'>;

const readSql = (isLive: string): string => `
  SELECT t.config_version AS version, d.kind, d.id, d.since, d.body
  FROM tenants t LEFT JOIN definitions d ON d.tenant_id = t.id AND ${isLive}
  WHERE t.id = $1`;
const readNewestSql = readSql('d.until IS NULL');
const readVersionSql = readSql('d.since <= $2 AND (d.until IS NULL OR d.until > $2)');

const findSql = `
  SELECT kind, id, since, body FROM definitions WHERE tenant_id = $1 AND kind = $2 AND id = ANY($3) AND until IS NULL`;

/** Ordered by code point, whatever the database's locale. */
const listSql = `
  SELECT kind, id, since, body FROM definitions
  WHERE tenant_id = $1 AND kind = $2 AND until IS NULL AND ($3::text IS NULL OR id COLLATE "C" > $3)
  ORDER BY id COLLATE "C" LIMIT $4`;

const pastSql = 'SELECT kind, id, since, body FROM definitions WHERE tenant_id = $1 AND kind = $2 AND id = $3 ORDER BY since';

/** Holds the tenant's row, so that its versions are made one after the other. */
const lockSql = 'SELECT config_version FROM tenants WHERE id = $1 FOR UPDATE';

const changeSql = `
  WITH changed AS (
    SELECT it.kind, it.id, it.body::jsonb AS body, d.since AS was
    FROM unnest($3::text[], $4::text[], $5::text[]) AS it(kind, id, body)
    LEFT JOIN definitions d ON d.tenant_id = $1 AND d.kind = it.kind AND d.id = it.id AND d.until IS NULL
    WHERE d.body IS DISTINCT FROM it.body::jsonb
  ), closed AS (
    UPDATE definitions d SET until = $2 FROM changed
    WHERE d.tenant_id = $1 AND d.kind = changed.kind AND d.id = changed.id AND d.until IS NULL
  ), opened AS (
    INSERT INTO definitions (tenant_id, kind, id, since, body, changed_by)
    SELECT $1, kind, id, $2, body, $6 FROM changed WHERE body IS NOT NULL
  ), audited AS (
    INSERT INTO audit_log (tenant_id, actor, action, subject, details)
    SELECT $1, $6, COALESCE($7, CASE WHEN body IS NULL THEN 'remove' WHEN was IS NULL THEN 'create' ELSE 'change' END),
      kind || '/' || id, $8::jsonb || jsonb_build_object('version', $2::bigint)
    FROM changed
  ), numbered AS (
    UPDATE tenants SET config_version = $2 WHERE id = $1 AND EXISTS (SELECT FROM changed)
  )
  SELECT kind, id FROM changed`;

export class PostgresDefinitions implements Definitions {
  readonly #pool: Pool;
  readonly #bus: Pick<Bus, 'publish'>;
  readonly #onUnannounced: (error: unknown) => void;

  /** @param onUnannounced told where a committed change could not be announced; who missed it reads it with the next one */
  constructor(pool: Pool, bus: Pick<Bus, 'publish'>, onUnannounced: (error: unknown) => void) {
    this.#pool = pool;
    this.#bus = bus;
    this.#onUnannounced = onUnannounced;
  }

  async read(tenantId: string, version?: number): Promise<Configuration> {
    const [sql, values] = version === undefined ? [readNewestSql, [tenantId]] : [readVersionSql, [tenantId, version]];
    const { rows } = await answered(this.#pool.query<Row & { readonly version: string }>(sql, values));
    const newest = Number(rows[0]?.version ?? Number.NaN);
    if (Number.isNaN(newest)) throw new NotFound('There is no such tenant');
    if (version !== undefined && version > newest) throw new NotFound('There is no such version of the configuration');
    // The outer join gives a tenant without definitions one row of nulls.
    const definitions = rows.filter(row => (row.id as string | null) !== null).map(definitionOf);
    return { version: version ?? newest, definitions };
  }

  find(tenantId: string, kind: DefinitionKind, ids: readonly string[]): Promise<readonly Definition[]> {
    return answered(find(this.#pool, tenantId, kind, ids));
  }

  list(tenantId: string, kind: DefinitionKind, page: { readonly first: number; readonly after?: string | undefined }): Promise<readonly Definition[]> {
    return answered(list(this.#pool, tenantId, kind, page));
  }

  past(tenantId: string, kind: DefinitionKind, id: string): Promise<readonly Definition[]> {
    return answered(past(this.#pool, tenantId, kind, id));
  }

  async change(tenantId: string, actor: string, changes: readonly DefinitionChange[] | ChangePlan, note?: ChangeNote): Promise<number> {
    const { version, subjects } = await answered(this.#commit(tenantId, { actor, note }, changes));
    if (subjects.length > 0) await this.#announce(tenantId, { version, subjects, changedAt: Date.now() });
    return version;
  }

  async #commit(
    tenantId: string,
    { actor, note }: { readonly actor: string; readonly note: ChangeNote | undefined },
    changes: readonly DefinitionChange[] | ChangePlan,
  ): Promise<Pick<ConfigurationChanged, 'version' | 'subjects'>> {
    return inTransaction(this.#pool, async client => {
      const { rows: [tenant] } = await client.query<{ config_version: string }>(lockSql, [tenantId]);
      if (tenant === undefined) throw new NotFound('There is no such tenant');
      const version = Number(tenant.config_version);
      const planned = typeof changes === 'function' ? await changes(liveOf(client, tenantId)) : changes;
      const { rows: subjects } = await client.query<ConfigurationChanged['subjects'][number]>(changeSql, [
        tenantId,
        version + 1,
        planned.map(it => it.kind),
        planned.map(it => it.id),
        planned.map(it => (it.body === null ? null : JSON.stringify(it.body))),
        actor,
        note?.action ?? null,
        JSON.stringify(note?.details ?? {}),
      ]);
      return { version: subjects.length > 0 ? version + 1 : version, subjects };
    });
  }

  async #announce(tenantId: string, change: ConfigurationChanged): Promise<void> {
    try {
      await this.#bus.publish(configTopic(tenantId), change as unknown as Json);
    } catch (error) {
      this.#onUnannounced(error);
    }
  }
}

function liveOf(client: PoolClient, tenantId: string): LiveDefinitions {
  return {
    find: (kind, ids) => find(client, tenantId, kind, ids),
    all: kind => list(client, tenantId, kind, {}),
    past: (kind, id) => past(client, tenantId, kind, id),
  };
}

async function find(from: Queryable, tenantId: string, kind: DefinitionKind, ids: readonly string[]): Promise<readonly Definition[]> {
  // PostgreSQL refuses texts with zero characters; no id has one.
  const { rows } = await from.query<Row>(findSql, [tenantId, kind, ids.filter(id => !id.includes('\0'))]);
  return rows.map(definitionOf);
}

async function list(
  from: Queryable,
  tenantId: string,
  kind: DefinitionKind,
  page: { readonly first?: number; readonly after?: string | undefined },
): Promise<readonly Definition[]> {
  const { rows } = await from.query<Row>(listSql, [tenantId, kind, page.after ?? null, page.first ?? null]);
  return rows.map(definitionOf);
}

async function past(from: Queryable, tenantId: string, kind: DefinitionKind, id: string): Promise<readonly Definition[]> {
  const { rows } = await from.query<Row>(pastSql, [tenantId, kind, id.replaceAll('\0', '')]);
  return rows.map(definitionOf);
}

function definitionOf({ kind, id, since, body }: Row): Definition {
  return { kind, id, since: Number(since), body };
}

async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw databaseFailure(error) ?? error;
  }
}
