import type { Pool } from 'pg';
import type { Condition } from '../../conditions/condition.js';
import type { FeatureReading, FeatureValue } from '../../customers/online-record.js';
import { answered } from '../../platform/postgres.js';
import type { Json } from '../../kernel/json.js';
import type { Definitions } from '../../tenants/definitions.js';
import { restsOn } from '../derived.js';
import { parseExpression } from '../expression.schema.js';
import { kindOf, propertyUse, versionOf, type Aggregate, type FeatureDefinition } from '../feature.js';
import { parseFeature } from '../feature.schema.js';
import { compute, planOf, readStored } from '../recount.postgres.js';
import type { FeatureHealth, FeatureHealths, Rate, WatchedFeature } from './feature-health.js';
import { driftFrom, profileOf, type Drift, type Profile } from './profile.js';

const mostSampled = 5000;
/** Errors are found by computing anew, which costs more. */
const mostComputed = 500;

/** Values that are still being put back tell nothing of the version that they are put back to. */
const watchedSql = `
  SELECT tenant_id, body FROM definitions d WHERE kind = 'feature' AND until IS NULL AND body ? 'limits'
    AND NOT EXISTS (SELECT FROM feature_jobs j WHERE j.tenant_id = d.tenant_id AND j.name = d.id AND j.kind = 'restore' AND j.finished_at IS NULL)
  ORDER BY tenant_id, id`;

/** Who has not been computed since the version became live tells nothing of it. */
const sampleSql = `
  WITH counted AS (SELECT count(*) AS n FROM customers WHERE tenant_id = $1 AND rules_version >= $4)
  SELECT c.id, f.value, (extract(epoch FROM f.at) * 1000)::float8 AS at, before.value AS before
  FROM customers c CROSS JOIN counted
  LEFT JOIN customer_features f ON f.tenant_id = $1 AND f.customer_id = c.id AND f.name = $2
  LEFT JOIN LATERAL (
    SELECT h.value FROM feature_history h WHERE h.tenant_id = $1 AND h.customer_id = c.id AND h.name = $2 AND h.version < $5 ORDER BY h.seq DESC LIMIT 1
  ) AS before ON true
  WHERE c.tenant_id = $1 AND c.rules_version >= $4 AND (counted.n <= $3 OR abs(hashtext(c.id)::bigint) % (1 + counted.n / $3) = 0)`;

const baselineSql = 'SELECT profile FROM feature_baselines WHERE tenant_id = $1 AND name = $2 AND baseline = $3';

interface SampleRow {
  readonly id: string;
  readonly value: FeatureValue | null;
  readonly at: number | null;
  readonly before: FeatureValue | null;
}

export class PostgresFeatureHealths implements FeatureHealths {
  readonly #pool: Pool;
  readonly #definitions: Pick<Definitions, 'past' | 'list'>;

  constructor(pool: Pool, definitions: Pick<Definitions, 'past' | 'list'>) {
    this.#pool = pool;
    this.#definitions = definitions;
  }

  async watched(): Promise<readonly WatchedFeature[]> {
    const { rows } = await answered(this.#pool.query<{ tenant_id: string; body: Json }>(watchedSql));
    return rows.map(it => ({ tenantId: it.tenant_id, definition: parseFeature(it.body) }));
  }

  async read({ tenantId, definition }: WatchedFeature, now: number): Promise<FeatureHealth> {
    const { name, ttlMs, limits } = definition;
    const since = kindOf(definition) === 'customer' ? 0 : await this.#liveSince(tenantId, definition);
    const { rows } = await answered(this.#pool.query<SampleRow>(sampleSql, [tenantId, name, mostSampled, since, versionOf(definition)]));
    const present = rows.filter(it => it.value !== null);
    return {
      missing: { count: rows.length - present.length, of: rows.length },
      stale: { count: present.filter(it => (it.at ?? now) + ttlMs < now).length, of: present.length },
      errors: limits?.errorRate === undefined ? { count: 0, of: 0 } : await this.#errors(tenantId, definition, { ids: rows.slice(0, mostComputed).map(it => it.id), now }),
      drift: limits?.drift === undefined ? undefined : await this.#drift(tenantId, definition, rows),
    };
  }

  /** Version of the configuration in which the version of the feature became live. */
  async #liveSince(tenantId: string, { name, version }: FeatureDefinition): Promise<number> {
    const past = (await this.#definitions.past(tenantId, 'feature', name)).map(it => ({ since: it.since, version: versionOf(parseFeature(it.body)) }));
    const lastOther = past.findLastIndex(it => it.version !== versionOf({ version }));
    return past[lastOther + 1]?.since ?? 0;
  }

  async #drift(tenantId: string, { name, limits }: FeatureDefinition, rows: readonly SampleRow[]): Promise<Drift | undefined> {
    const values = rows.map(it => it.value);
    if (limits?.baseline === undefined) return driftFrom(profileOf(rows.map(it => it.before)), values);
    const { rows: [saved] } = await answered(this.#pool.query<{ profile: Profile }>(baselineSql, [tenantId, name, limits.baseline]));
    return saved && driftFrom(saved.profile, values);
  }

  async #errors(tenantId: string, definition: FeatureDefinition, { ids, now }: { readonly ids: readonly string[]; readonly now: number }): Promise<Rate> {
    if (definition.expression === undefined && countsOf(definition).length === 0) return { count: 0, of: 0 };
    const all = (await this.#definitions.list(tenantId, 'feature', { first: 1000 })).map(it => parseFeature(it.body));
    const client = await answered(this.#pool.connect());
    try {
      const stored = await answered(readStored(client, tenantId, ids));
      const definitions = definition.expression === undefined ? countsOf(definition) : all;
      const computed = await answered(compute(client, tenantId, { plan: planOf(definitions), customerIds: ids, now }, stored));
      return definition.expression === undefined ? eventErrors([...computed.values()].map(it => it.values)) : expressionErrors(definition, all, ids.map(id => ({ values: computed.get(id)?.values ?? new Map(), stored: stored.get(id) ?? {} })));
    } finally {
      client.release();
    }
  }
}

type Values = ReadonlyMap<string, FeatureValue | undefined>;

const [taken, good] = ['taken', 'good'] as const;

/** The events that the aggregate takes, and those of them with its property in the right type; none where it needs no property. */
function countsOf({ aggregate, valueType, ttlMs }: FeatureDefinition): readonly FeatureDefinition[] {
  if (aggregate?.property === undefined || propertyUse[aggregate.function] !== 'needed' || aggregate.function === 'distinct') return [];
  const { event, where, windowMs, property } = aggregate;
  const count = (name: string, condition: Condition | undefined): FeatureDefinition => {
    const counting: Aggregate = { function: 'count', windowMs, ...(event !== undefined && { event }), ...(condition !== undefined && { where: condition }) };
    return { name, description: '', valueType: 'number', ttlMs, aggregate: counting };
  };
  const isNumber = aggregate.function !== 'last' && aggregate.function !== 'first' ? true : valueType === 'number';
  const fits: Condition = { property: isNumber ? { name: property, operator: 'greaterThan', value: -Number.MAX_VALUE } : { name: property, operator: 'exists' } };
  return [count(taken, where), count(good, where === undefined ? fits : { and: [where, fits] })];
}

function eventErrors(customers: readonly Values[]): Rate {
  const sum = (name: string): number => customers.reduce((total, it) => total + Number(it.get(name) ?? 0), 0);
  return { count: sum(taken) - sum(good), of: sum(taken) };
}

interface ComputedOf {
  readonly values: Values;
  readonly stored: Readonly<Record<string, FeatureReading>>;
}

function expressionErrors(definition: FeatureDefinition, all: readonly FeatureDefinition[], customers: readonly ComputedOf[]): Rate {
  const byName = new Map(all.map(it => [it.name, it]));
  const inputs = restsOn(definition, parseExpression);
  const has = ({ values, stored }: ComputedOf, name: string): boolean => (values.get(name) ?? stored[name]?.value ?? byName.get(name)?.defaultValue) !== undefined;
  const asked = customers.filter(it => inputs.every(name => has(it, name)));
  return { count: asked.filter(it => it.values.get(definition.name) === undefined).length, of: asked.length };
}
