import type { Pool } from 'pg';
import { answered } from '../platform/postgres.js';
import { id } from '../tenants/body.schema.js';
import type { LearnedProperty } from './event-type.js';

const mostPerType = 200;
const mostRemembered = 50_000;

const noteSql = `
  INSERT INTO learned_properties (tenant_id, type, property, kind)
  SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[]) AS it(type, property, kind)
  WHERE (SELECT count(*) FROM learned_properties l WHERE l.tenant_id = $1 AND l.type = it.type) < $5 ON CONFLICT DO NOTHING`;

/** What events in learn mode were seen to have: up to some 200 properties a type. */
export class LearnedProperties {
  readonly #pool: Pool;
  readonly #onFailure: (error: unknown) => void;
  /** What this process has noted already. */
  readonly #noted = new Set<string>();

  constructor(pool: Pool, onFailure: (error: unknown) => void) {
    this.#pool = pool;
    this.#onFailure = onFailure;
  }

  async note(tenantId: string, properties: readonly LearnedProperty[]): Promise<void> {
    const keyOf = (it: LearnedProperty): string => JSON.stringify([tenantId, it.type, it.property, it.kind]);
    const news = new Map(properties.map(it => [keyOf(it), it] as const).filter(([key, { property }]) => !this.#noted.has(key) && id.safeParse(property).success));
    if (news.size === 0) return;
    if (this.#noted.size + news.size > mostRemembered) this.#noted.clear();
    for (const key of news.keys()) this.#noted.add(key);
    const all = [...news.values()];
    try {
      await this.#pool.query(noteSql, [tenantId, all.map(it => it.type), all.map(it => it.property), all.map(it => it.kind), mostPerType]);
    } catch (error) {
      for (const key of news.keys()) this.#noted.delete(key);
      this.#onFailure(error);
    }
  }

  async all(tenantId: string): Promise<readonly LearnedProperty[]> {
    const sql = 'SELECT type, property, kind FROM learned_properties WHERE tenant_id = $1 ORDER BY type, property, kind';
    return (await answered(this.#pool.query<LearnedProperty>(sql, [tenantId]))).rows;
  }
}
