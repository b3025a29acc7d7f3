import type { Pool } from 'pg';
import type { FeatureReading, FeatureValue } from '../../customers/online-record.js';
import { NotFound } from '../../kernel/errors.js';
import { answered } from '../../platform/postgres.js';
import type { Definitions } from '../../tenants/definitions.js';
import { restsOn } from '../derived.js';
import { parseExpression } from '../expression.schema.js';
import { historyLimitOf, kindOf, versionOf, type FeatureDefinition } from '../feature.js';
import { parseFeature } from '../feature.schema.js';
import { compute, pastPlanOf } from '../recount.postgres.js';
import type { PastAsk, PastValue, PointInTime } from './point-in-time.js';

/** The newest change before the time, and the next one after it: a gap between them says that changes in between are no longer kept. */
const pastSql = `
  SELECT it.i::int - 1 AS i, COALESCE(a.customer_id, it.customer_id) AS customer, n.name, h.seq, h.version, h.value, h.at,
    (SELECT min(f.seq) FROM feature_history f
     WHERE f.tenant_id = $1 AND f.customer_id = COALESCE(a.customer_id, it.customer_id) AND f.name = n.name AND f.seq > COALESCE(h.seq, 0)) AS next
  FROM unnest($2::text[], $3::timestamptz[]) WITH ORDINALITY AS it(customer_id, at, i)
  LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = it.customer_id
  CROSS JOIN unnest($4::text[]) AS n(name)
  LEFT JOIN LATERAL (
    SELECT f.seq, f.version, f.value, f.at FROM feature_history f
    WHERE f.tenant_id = $1 AND f.customer_id = COALESCE(a.customer_id, it.customer_id) AND f.name = n.name AND f.recorded_at <= it.at
    ORDER BY f.seq DESC LIMIT 1
  ) AS h ON true`;

const inForceSql = 'SELECT max(since) AS version FROM definitions WHERE tenant_id = $1 AND changed_at <= $2';

interface PastRow {
  readonly i: number;
  readonly customer: string;
  readonly name: string;
  readonly seq: string | null;
  readonly version: number | null;
  readonly value: FeatureValue | null;
  readonly at: Date | null;
  readonly next: string | null;
}

interface InForce {
  readonly byName: ReadonlyMap<string, FeatureDefinition>;
  /** The features that were asked for, and those that they are computed from; the same list each time, since it is planned once. */
  readonly needed: readonly FeatureDefinition[];
}

interface Found extends Past {
  readonly ask: PastAsk;
  readonly inForce: InForce;
}

/** What the history says of one customer at one time. */
interface Past {
  readonly customer: string;
  readonly rows: ReadonlyMap<string, PastRow>;
}

export class PostgresPointInTime implements PointInTime {
  readonly #pool: Pool;
  readonly #definitions: Pick<Definitions, 'read'>;

  constructor(pool: Pool, definitions: Pick<Definitions, 'read'>) {
    this.#pool = pool;
    this.#definitions = definitions;
  }

  async read(tenantId: string, asks: readonly PastAsk[], names: readonly string[]): Promise<readonly ReadonlyMap<string, PastValue>[]> {
    const inForce = await this.#inForce(tenantId, asks, names);
    const all = [...new Set(inForce.flatMap(it => it.needed.map(({ name }) => name)))];
    const past = await this.#history(tenantId, asks, all);
    const found = asks.map((ask, i): Found => ({ ask, ...(past[i] ?? { customer: ask.customerId, rows: new Map() }), inForce: inForce[i] ?? nothing }));
    const counted = await this.#recount(tenantId, found.filter(it => names.some(name => isToBeCounted(it, name))));
    return found.map(it => new Map(names.map(name => [name, valueOf(it, name, counted.get(it))])));
  }

  async #history(tenantId: string, asks: readonly PastAsk[], names: readonly string[]): Promise<readonly Past[]> {
    const { rows } = await answered(
      this.#pool.query<PastRow>({ name: 'past-values', text: pastSql, values: [tenantId, asks.map(it => it.customerId), asks.map(it => new Date(it.at)), names] }),
    );
    const byAsk: { customer: string; rows: Map<string, PastRow> }[] = asks.map(it => ({ customer: it.customerId, rows: new Map() }));
    for (const row of rows) {
      const of = byAsk[row.i];
      if (of === undefined) continue;
      of.customer = row.customer;
      of.rows.set(row.name, row);
    }
    return byAsk;
  }

  /** The definitions of then; a feature that was defined only later is computed as it was first defined, or is now. */
  async #inForce(tenantId: string, asks: readonly PastAsk[], names: readonly string[]): Promise<readonly InForce[]> {
    const read = async (version?: number): Promise<readonly FeatureDefinition[]> =>
      (await this.#definitions.read(tenantId, version)).definitions.filter(it => it.kind === 'feature').map(it => parseFeature(it.body));
    const present = await read();
    const known = new Map<number, Promise<InForce>>();
    const at = (version: number): Promise<InForce> => {
      const made = known.get(version) ?? (version === 0 ? Promise.resolve<readonly FeatureDefinition[]>([]) : read(version)).then(then => inForceOf([...present, ...then], names));
      known.set(version, made);
      return made;
    };
    const times = new Map<number, Promise<number>>();
    return Promise.all(asks.map(async ({ at: time, configuration }) => {
      const looking = configuration === undefined ? (times.get(time) ?? this.#versionAt(tenantId, time)) : Promise.resolve(configuration);
      if (configuration === undefined) times.set(time, looking);
      return at(await looking);
    }));
  }

  async #versionAt(tenantId: string, time: number): Promise<number> {
    const { rows } = await answered(this.#pool.query<{ version: string | null }>(inForceSql, [tenantId, new Date(time)]));
    return Number(rows[0]?.version ?? 0);
  }

  async #recount(tenantId: string, found: readonly Found[]): Promise<ReadonlyMap<Found, ReadonlyMap<string, FeatureValue | undefined>>> {
    const counted = new Map<Found, ReadonlyMap<string, FeatureValue | undefined>>();
    if (found.length === 0) return counted;
    const client = await answered(this.#pool.connect());
    try {
      for (const it of found) {
        const what = { plan: pastPlanOf(it.inForce.needed), customerIds: [it.customer], now: it.ask.at };
        const computed = await answered(compute(client, tenantId, what, new Map([[it.customer, storedAt(it)]])));
        counted.set(it, computed.get(it.customer)?.values ?? new Map());
      }
    } finally {
      client.release();
    }
    return counted;
  }
}

const nothing: InForce = { byName: new Map(), needed: [] };

/** @param definitions of several with one name, the last counts */
function inForceOf(definitions: readonly FeatureDefinition[], names: readonly string[]): InForce {
  const byName = new Map(definitions.map(it => [it.name, it]));
  const needed = new Map<string, FeatureDefinition>();
  const add = (name: string): void => {
    const definition = byName.get(name);
    if (definition === undefined || needed.has(name)) return;
    needed.set(name, definition);
    restsOn(definition, parseExpression).forEach(add);
  };
  for (const [i, name] of names.entries()) {
    if (!byName.has(name)) throw new NotFound('There is no such feature', { details: { path: `/names/${i}` } });
    add(name);
  }
  return { byName, needed: [...needed.values()] };
}

type Kept = 'kept' | 'never' | 'unknown' | 'forgotten';

/** What the history knows: the value, that there was none yet, nothing at all, or no longer. */
function keptOf(row: PastRow | undefined): Kept {
  if (row === undefined) return 'unknown';
  const next = row.next === null ? undefined : Number(row.next);
  if (row.seq !== null) return next === undefined || next === Number(row.seq) + 1 ? 'kept' : 'forgotten';
  if (next === undefined) return 'unknown';
  return next === 1 ? 'never' : 'forgotten';
}

function isToBeCounted({ inForce, rows }: Found, name: string): boolean {
  const definition = inForce.byName.get(name);
  return definition !== undefined && isComputed(definition) && keptOf(rows.get(name)) !== 'kept';
}

const isComputed = ({ aggregate, expression }: FeatureDefinition): boolean => aggregate !== undefined || expression !== undefined;

/** What had been set from outside by then. */
function storedAt({ rows }: Found): Readonly<Record<string, FeatureReading>> {
  const stored: Record<string, FeatureReading> = {};
  for (const row of rows.values()) if (keptOf(row) === 'kept' && row.value !== null) stored[row.name] = { value: row.value, at: row.at?.getTime() ?? 0 };
  return stored;
}

function valueOf({ ask, inForce, rows }: Found, name: string, counted: ReadonlyMap<string, FeatureValue | undefined> | undefined): PastValue {
  const definition = inForce.byName.get(name);
  const row = rows.get(name);
  const kept = keptOf(row);
  if (kept === 'kept' && row !== undefined) return given(definition, name, { value: row.value ?? undefined, source: 'HISTORY', at: row.at, version: row.version });
  if (definition === undefined) return { name, ...nothingKnown, status: 'MISSING' };
  if (isComputed(definition)) return given(definition, name, { value: counted?.get(name), source: 'LOG', at: new Date(ask.at), version: versionOf(definition) });
  return isForgotten(definition, kept) ? { name, ...nothingKnown, status: 'FORGOTTEN' } : given(definition, name, { ...nothingKnown, value: undefined });
}

const nothingKnown = { value: null, source: null, at: null, version: null } as const;

function isForgotten(definition: FeatureDefinition, kept: Kept): boolean {
  return kindOf(definition) === 'customer' && (kept === 'forgotten' || (kept === 'unknown' && historyLimitOf(definition) === 0));
}

function given(
  definition: FeatureDefinition | undefined,
  name: string,
  { value, ...rest }: Pick<PastValue, 'source' | 'at' | 'version'> & { readonly value: FeatureValue | undefined },
): PastValue {
  if (value !== undefined) return { name, value, status: 'KNOWN', ...rest };
  const standIn = definition?.defaultValue;
  return { name, value: standIn ?? null, status: standIn === undefined ? 'MISSING' : 'DEFAULTED', source: rest.source, at: null, version: null };
}
