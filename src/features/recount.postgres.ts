import type { PoolClient } from 'pg';
import { behaviourPrefix } from '../conditions/behaviour.js';
import type { FeatureReading, FeatureValue } from '../customers/online-record.js';
import { fnv1a32 } from '../kernel/hash.js';
import { aggregateSql, mostAtOnce, type AggregateSql, type Counted, type Partials } from './aggregate-sql.js';
import { postgresSource, type PostgresSource } from './event-source.postgres.js';
import { aggregateValue, nextRecencyMs, numberOf, type AggregateRow } from './aggregate-values.js';
import { derive, derivedInOrder, type DerivedFeature } from './derived.js';
import { keepChanges } from './history/history.postgres.js';
import { parseExpression } from './expression.schema.js';
import { historyLimitOf, kindOf, restMsOf, versionOf, type FeatureDefinition } from './feature.js';

export interface Recount {
  /** Those that are live, hidden ones included; those that are set from outside are read by the derived ones. The same list is planned once. */
  readonly definitions: readonly FeatureDefinition[];
  readonly customerIds: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Recounted {
  /** Customers of whom a value, or its time, is another one now. */
  readonly changed: readonly string[];
  /** When an aggregate of theirs next changes without an event, in epoch milliseconds, by customer. */
  readonly dueAt: ReadonlyMap<string, number>;
}

/** What the definitions give for a customer now; undefined where missing. */
export type Computed = ReadonlyMap<string, FeatureValue | undefined>;

export interface ComputedCustomer {
  readonly values: Computed;
  readonly dueAt: number | undefined;
}

type Stored = Readonly<Record<string, FeatureReading>>;

interface Statement extends AggregateSql, PostgresSource {
  readonly name: string;
  readonly text: string;
  readonly counted: readonly Counted[];
}

/** What is computed from some definitions, worked out once. */
export interface Plan {
  readonly statements: readonly Statement[];
  readonly derived: readonly DerivedFeature[];
  /** Of aggregates and derived features. */
  readonly computed: readonly FeatureDefinition[];
  readonly byName: ReadonlyMap<string, FeatureDefinition>;
}

type Plans = WeakMap<readonly FeatureDefinition[], Plan>;
const plans: Plans = new WeakMap();
const pastPlans: Plans = new WeakMap();

const ofCustomers = 'customer_id = ANY($2::text[])';

/** As `planOf`, of what was known at the time: events that were received after `now` do not count. */
export const pastPlanOf = (definitions: readonly FeatureDefinition[]): Plan => planned(definitions, pastPlans, `${ofCustomers} AND received_at <= to_timestamp($3::float8 / 1000)`);

export const planOf = (definitions: readonly FeatureDefinition[]): Plan => planned(definitions, plans, ofCustomers);

function planned(definitions: readonly FeatureDefinition[], into: Plans, which: string): Plan {
  const known = into.get(definitions);
  if (known !== undefined) return known;
  const counted = definitions.flatMap(({ name, valueType, aggregate }) => (aggregate === undefined ? [] : [{ name, valueType, aggregate }]));
  const statements: Statement[] = [];
  for (let from = 0; from < counted.length; from += mostAtOnce) statements.push(statementOf(counted.slice(from, from + mostAtOnce), which));
  const plan: Plan = {
    statements,
    derived: derivedInOrder(definitions, parseExpression),
    computed: definitions.filter(it => it.aggregate !== undefined || it.expression !== undefined),
    byName: new Map(definitions.map(it => [it.name, it])),
  };
  into.set(definitions, plan);
  return plan;
}

function statementOf(counted: readonly Counted[], which: string): Statement {
  const counting = aggregateSql(counted);
  const sql = { ...counting, ...postgresSource(counting) };
  const text = textOf(sql, which);
  return { ...sql, counted, text, name: `aggregates-${fnv1a32(text).toString(36)}${fnv1a32(`+${text}`).toString(36)}` };
}

const textOf = ({ source, body }: Pick<Statement, 'source' | 'body'>, which: string): string => `WITH source AS (${source(which)}\n  ), ${body}`;

/** The statement for all customers: its second parameter is null. */
export const textOfAll = (statement: Statement): string => textOf(statement, '$2::text[] IS NULL');

/** Parameters of a statement; without ids, for all customers. */
export function parametersOf({ longestMs, earliest, values }: Statement, tenantId: string, customerIds: readonly string[] | null, now: number): unknown[] {
  const start = longestMs === undefined ? 0 : Math.min(now - longestMs, earliest ?? now);
  return [tenantId, customerIds, now, start, ...values];
}

const storedSql = `
  SELECT customer_id AS id, jsonb_object_agg(name, jsonb_build_object('value', value, 'at', (extract(epoch FROM at) * 1000)::bigint, 'version', version)) AS stored
  FROM customer_features WHERE tenant_id = $1 AND customer_id = ANY($2) GROUP BY customer_id`;

const writeSql = `
  INSERT INTO customer_features (tenant_id, customer_id, name, value, at, version)
  SELECT $1, customer_id, name, value::jsonb, $5, version FROM unnest($2::text[], $3::text[], string_to_array($4, E'\\n'), $6::int[]) AS it(customer_id, name, value, version)
  ON CONFLICT (tenant_id, customer_id, name) DO UPDATE SET value = excluded.value, at = GREATEST(customer_features.at, excluded.at), version = excluded.version`;

const removeSql = `
  DELETE FROM customer_features f USING unnest($2::text[], $3::text[]) AS it(customer_id, name)
  WHERE f.tenant_id = $1 AND f.customer_id = it.customer_id AND f.name = it.name`;

const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

/**
 * Counts aggregates anew from the log, works out the features that are derived from others, and writes what differs, within the transaction of
 * `client`, which holds the customers.
 */
export async function recount(client: PoolClient, tenantId: string, { definitions, customerIds, now }: Recount): Promise<Recounted> {
  const plan = planOf(definitions);
  const stored = await readStored(client, tenantId, customerIds);
  const computed = await compute(client, tenantId, { plan, customerIds, now }, stored);
  return { changed: await keep(client, tenantId, { plan, stored, computed, now }), dueAt: dueTimes(computed) };
}

export async function readStored(client: PoolClient, tenantId: string, customerIds: readonly string[]): Promise<ReadonlyMap<string, Stored>> {
  const { rows } = await client.query<{ id: string; stored: Stored }>({ name: 'stored-features', text: storedSql, values: [tenantId, customerIds] });
  return new Map(rows.map(it => [it.id, it.stored]));
}

/** What the definitions give for these customers at `now`. Writes nothing. */
export async function compute(
  client: PoolClient,
  tenantId: string,
  { plan, customerIds, now }: { readonly plan: Plan; readonly customerIds: readonly string[]; readonly now: number },
  stored: ReadonlyMap<string, Stored>,
): Promise<ReadonlyMap<string, ComputedCustomer>> {
  const answers: ReadonlyMap<string, AggregateRow>[] = [];
  for (const statement of plan.statements) {
    const { name, text } = statement;
    const { rows } = await client.query<AggregateRow & { customer_id: string }>({ name, text, values: parametersOf(statement, tenantId, customerIds, now) });
    answers.push(new Map(rows.map(it => [it.customer_id, it])));
  }
  return new Map(customerIds.map(id => [id, computedOf(plan, answers.map(it => it.get(id)), stored.get(id) ?? {}, now)]));
}

/** @param rows one for each statement of the plan; undefined where the customer has no events */
export function computedOf(plan: Plan, rows: readonly (AggregateRow | undefined)[], stored: Stored, now: number): ComputedCustomer {
  const values = new Map<string, FeatureValue | undefined>();
  let dueIn = Infinity;
  plan.statements.forEach(({ counted, partials }, i) => {
    const row = rows[i];
    dueIn = Math.min(dueIn, numberOf(row?.['due_in_ms']) ?? Infinity);
    counted.forEach((it, k) => {
      const part = partials[k];
      if (part === undefined) return;
      values.set(it.name, aggregateValue(it, part, row));
      dueIn = Math.min(dueIn, nextStep(part, row));
    });
  });
  const defaultOf = (name: string): FeatureValue | undefined => plan.byName.get(name)?.defaultValue;
  const valueOf = (name: string): FeatureValue | undefined => (values.has(name) ? values.get(name) : setValue(plan, stored, name)) ?? defaultOf(name);
  for (const [name, value] of derive(plan.derived, valueOf, defaultOf)) values.set(name, value);
  return { values, dueAt: dueIn === Infinity ? undefined : now + dueIn };
}

function nextStep(part: Partials, row: AggregateRow | undefined): number {
  const ageMs = part.of === 'recencyDays' ? numberOf(row?.[part.column]) : undefined;
  return ageMs === undefined ? Infinity : nextRecencyMs(ageMs);
}

/** Of a feature that is set from outside. */
function setValue({ byName }: Plan, stored: Stored, name: string): FeatureValue | undefined {
  const definition = byName.get(name);
  return definition !== undefined && kindOf(definition) === 'customer' && Object.hasOwn(stored, name) ? stored[name]?.value : undefined;
}

function dueTimes(computed: ReadonlyMap<string, ComputedCustomer>): ReadonlyMap<string, number> {
  return new Map([...computed].flatMap(([id, { dueAt }]) => (dueAt === undefined ? [] : [[id, dueAt]])));
}

interface Keeping {
  readonly plan: Plan;
  readonly stored: ReadonlyMap<string, Stored>;
  readonly computed: ReadonlyMap<string, ComputedCustomer>;
  readonly now: number;
}

interface Difference {
  readonly name: string;
  /** Undefined where it has become missing. */
  readonly value: FeatureValue | undefined;
  /** False where only the time is another one. */
  readonly differs: boolean;
  readonly version: number;
  /** How many changes of the value are kept. */
  readonly limit: number;
}

/** Writes what differs from what is stored. Returns the customers of whom something does. */
export async function keep(client: PoolClient, tenantId: string, { plan, stored, computed, now }: Keeping): Promise<readonly string[]> {
  const differences = [...computed].flatMap(([customerId, { values }]) =>
    differencesOf(plan, stored.get(customerId) ?? {}, values, now).map(it => ({ customerId, ...it })));
  if (differences.length === 0) return [];
  const kept = differences.filter(it => it.value !== undefined);
  const gone = differences.filter(it => it.value === undefined);
  const at = new Date(now);
  if (kept.length > 0) {
    await client.query(writeSql, [
      tenantId, kept.map(it => it.customerId), kept.map(it => it.name), kept.map(it => JSON.stringify(it.value)).join('\n'), at, kept.map(it => it.version),
    ]);
  }
  if (gone.length > 0) await client.query(removeSql, [tenantId, gone.map(it => it.customerId), gone.map(it => it.name)]);
  await keepChanges(client, tenantId, differences.filter(it => it.differs).map(it => ({ ...it, at: now })), now);
  const names = differences.map(({ name, differs }) => (differs ? `FEATURE ${name}` : null));
  await client.query(changeSql, [tenantId, differences.map(it => it.customerId), names, at]);
  return [...new Set(differences.map(it => it.customerId))];
}

function differencesOf({ computed, byName }: Plan, stored: Stored, values: Computed, now: number): readonly Difference[] {
  const differences: Difference[] = [];
  for (const definition of computed) {
    const { name } = definition;
    const held = Object.hasOwn(stored, name) ? stored[name] : undefined;
    const value = values.get(name);
    if (value === undefined && held === undefined) continue;
    const differs = value === undefined || held === undefined || !isSame(held.value, value);
    if (differs || isOld(held, definition, now)) differences.push({ name, value, differs, ...keepingOf(definition) });
  }
  for (const name in stored) {
    const definition = byName.get(name);
    if (isLeftOver(definition)) differences.push({ name, value: undefined, differs: true, ...(definition === undefined ? unkept : keepingOf(definition)) });
  }
  return differences;
}

function isOld({ at, version }: FeatureReading, definition: FeatureDefinition, now: number): boolean {
  return at + restMsOf(definition) < now || version !== keepingOf(definition).version;
}

/** Values of what is not defined any more, and of what has become contextual. */
function isLeftOver(definition: FeatureDefinition | undefined): boolean {
  return definition === undefined || kindOf(definition) === 'contextual';
}

/** What is counted for conditions has no history: conditions ask about now. */
const unkept = { version: 1, limit: 0 } as const;

function keepingOf(definition: FeatureDefinition): Pick<Difference, 'version' | 'limit'> {
  return definition.name.startsWith(behaviourPrefix) ? unkept : { version: versionOf(definition), limit: historyLimitOf(definition) };
}

function isSame(a: FeatureValue, b: FeatureValue): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((it, i) => it === (b as readonly string[])[i]));
}
