import type { PoolClient } from 'pg';
import { InvariantViolation } from '../kernel/errors.js';
import { refreshConsents } from './consents.postgres.js';
import { customerTables } from './customer-tables.js';
import { factsOf, withFacts, type Attributes } from './customer.js';
import { survivorOf, type MergeEdge } from './identity.js';
import type { PersonalAttributes } from './personal-attributes.postgres.js';
import { sealedAfter } from './sealed-attributes.js';

interface Row {
  readonly id: string;
  readonly attributes: Attributes;
  readonly attribute_times: Readonly<Record<string, number>>;
  readonly sealed: Readonly<Record<string, string>>;
  readonly unit: string | null;
  readonly version: string;
  readonly created_at: Date;
}

const membersSql = 'SELECT alias AS id, customer_id AS of FROM customer_aliases WHERE tenant_id = $1 AND customer_id = ANY($2)';
const edgesSql = 'SELECT from_id AS from, into_id AS into FROM customer_merges WHERE tenant_id = $1 AND from_id = ANY($2) AND into_id = ANY($2)';
const rowsSql = `
  SELECT id, attributes, attribute_times, sealed, unit, version, created_at FROM customers WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id`;
const makeSql = 'INSERT INTO customers (tenant_id, id, created_at, updated_at) VALUES ($1, $2, $3, $3)';
const keepSql = `
  UPDATE customers SET attributes = $3, attribute_times = $4, sealed = $5, unit = $6, version = GREATEST(version, $7), created_at = $8
  WHERE tenant_id = $1 AND id = $2`;
const dropSql = ['customers WHERE tenant_id = $1 AND id = ANY($2)', 'customer_keys WHERE tenant_id = $1 AND customer_id = ANY($2)'];
const aliasesSql = `
  INSERT INTO customer_aliases (tenant_id, alias, customer_id) SELECT $1, it, $3 FROM unnest($2::text[]) AS it
  ON CONFLICT (tenant_id, alias) DO UPDATE SET customer_id = excluded.customer_id`;
const dropAliasSql = 'DELETE FROM customer_aliases WHERE tenant_id = $1 AND alias = $2';
const firstDecidedSql = `
  SELECT customer_id AS id, min(decided_at) AS at FROM decisions WHERE tenant_id = $1 AND customer_id = ANY($2) AND log = 'live' GROUP BY 1`;
const namesSql = `
  SELECT DISTINCT 'FEATURE ' || name AS name FROM customer_features WHERE tenant_id = $1 AND customer_id = ANY($2)
  UNION SELECT 'SEGMENT ' || segment_id FROM segment_members WHERE tenant_id = $1 AND customer_id = ANY($2)
  UNION SELECT 'CONSENT ' || purpose FROM customer_consents WHERE tenant_id = $1 AND customer_id = ANY($2)`;
const identitiesSql = 'SELECT kind, blind, sealed, customer_id AS of FROM customer_identities WHERE tenant_id = $1 AND customer_id = ANY($2)';
const moveIdentitySql = 'UPDATE customer_identities SET customer_id = $4, sealed = $5 WHERE tenant_id = $1 AND kind = $2 AND blind = $3';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

/** Of rows that both have, the first in order stays, or they are numbered anew; all others take the new id. */
const moveSql = customerTables.flatMap(({ table, key, order, numbered, columns }): readonly string[] => {
  const move = `UPDATE ${table} SET customer_id = $3 WHERE tenant_id = $1 AND customer_id = ANY($2)`;
  if (key === undefined) return [move];
  if (numbered !== undefined && columns !== undefined) return [renumbered(table, { key, order, numbered, columns })];
  return [
    `DELETE FROM ${table} USING (
       SELECT ctid AS place, row_number() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${order}) AS rank FROM ${table}
       WHERE tenant_id = $1 AND (customer_id = ANY($2) OR customer_id = $3)
     ) AS ranked WHERE ${table}.ctid = ranked.place AND rank > 1`,
    move,
  ];
});

function renumbered(table: string, { key, order, numbered, columns }: { readonly key: readonly string[]; readonly order: string | undefined; readonly numbered: string; readonly columns: readonly string[] }): string {
  return `
    WITH taken AS (DELETE FROM ${table} WHERE tenant_id = $1 AND (customer_id = ANY($2) OR customer_id = $3) RETURNING *)
    INSERT INTO ${table} (customer_id, ${numbered}, ${columns.join(', ')})
    SELECT $3, row_number() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${order ?? key.join(', ')}), ${columns.join(', ')} FROM taken`;
}

export interface Joined {
  readonly customerId: string;
  readonly aliases: readonly string[];
  readonly isChanged: boolean;
}

/** Makes one customer of several, who are held, within the transaction. Which id it goes by, and what it states, does not depend on the order of such steps. */
export async function joinCustomers(client: PoolClient, tenantId: string, { ids, now }: { readonly ids: readonly string[]; readonly now: number }, personal: PersonalAttributes): Promise<Joined> {
  const { rows: known } = await client.query<{ id: string; of: string }>(membersSql, [tenantId, ids]);
  const members = [...ids, ...known.map(it => it.id)];
  const { rows: edges } = await client.query<MergeEdge>(edgesSql, [tenantId, members]);
  const survivor = survivorOf(members, edges);
  const aliases = members.filter(it => it !== survivor).sort();
  const gone = ids.filter(it => it !== survivor);
  if (gone.length === 0) return { customerId: survivor, aliases, isChanged: false };
  const unit = await unitOf(client, tenantId, { ids, survivor, known });
  const { rows: names } = await client.query<{ name: string }>(namesSql, [tenantId, ids]);
  const { rows: before } = await client.query<Row>(rowsSql, [tenantId, ids]);
  if (!ids.includes(survivor)) {
    await client.query(dropAliasSql, [tenantId, survivor]);
    await client.query(makeSql, [tenantId, survivor, new Date(now)]);
  }
  const changed = await joinProfiles(client, tenantId, { before, survivor, unit }, { now, personal });
  await moveIdentities(client, tenantId, { gone, survivor }, personal);
  for (const sql of moveSql) await client.query(sql, [tenantId, gone, survivor]);
  for (const sql of dropSql) await client.query(`DELETE FROM ${sql}`, [tenantId, gone]);
  await client.query(aliasesSql, [tenantId, aliases, survivor]);
  await refreshConsents(client, tenantId, survivor, now);
  const all = [...changed.map(it => `ATTRIBUTE ${it}`), ...names.map(it => it.name)];
  await client.query(changeSql, [tenantId, [survivor, ...all.map(() => survivor)], [null, ...all], new Date(now)]);
  return { customerId: survivor, aliases, isChanged: true };
}

/** Experiments go on assigning by what they assigned by for who was decided for first, so that nobody who has seen an arm is moved to another. */
async function unitOf(
  client: PoolClient,
  tenantId: string,
  { ids, survivor, known }: { readonly ids: readonly string[]; readonly survivor: string; readonly known: readonly { readonly id: string; readonly of: string }[] },
): Promise<string | null> {
  const { rows } = await client.query<{ id: string; at: Date }>(firstDecidedSql, [tenantId, [...ids, ...known.map(it => it.id)]]);
  const customerOf = new Map(known.map(it => [it.id, it.of]));
  const [first] = rows.sort((a, b) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : 1));
  const id = first === undefined ? survivor : (customerOf.get(first.id) ?? first.id);
  const { rows: [row] } = await client.query<Row>(rowsSql, [tenantId, [id]]);
  const unit = row?.unit ?? id;
  return unit === survivor ? null : unit;
}

/** Of each attribute the newest fact. Returns the names of those that any of them had otherwise. */
async function joinProfiles(
  client: PoolClient,
  tenantId: string,
  { before, survivor, unit }: { readonly before: readonly Row[]; readonly survivor: string; readonly unit: string | null },
  { now, personal }: { readonly now: number; readonly personal: PersonalAttributes },
): Promise<readonly string[]> {
  const of = before.find(it => it.id === survivor);
  const others = before.filter(it => it.id !== survivor);
  let profile = { attributes: of?.attributes ?? {}, times: of?.attribute_times ?? {}, sealed: of?.sealed ?? {} };
  for (const { id, attributes, attribute_times: times, sealed } of others) {
    const resealed = new Map(Object.entries(await personal.resealed(client, tenantId, { from: id, into: survivor, sealed })));
    const facts = factsOf({ attributes, times }).map(it => ({ ...it, sealed: resealed.get(it.name) }));
    const after = withFacts(profile, facts, now);
    profile = { attributes: after.attributes, times: after.times, sealed: sealedAfter(profile, after, facts) };
  }
  const [oldest] = before.map(it => it.created_at).sort((a, b) => a.getTime() - b.getTime());
  if (oldest === undefined) throw new InvariantViolation('Customers who are held are there');
  const version = Math.max(...before.map(it => Number(it.version)));
  await client.query(keepSql, [
    tenantId, survivor, JSON.stringify(profile.attributes), JSON.stringify(profile.times), JSON.stringify(profile.sealed), unit, version, oldest,
  ]);
  const final = new Map(Object.entries(profile.attributes));
  const differs = ({ attributes }: Row): readonly string[] => {
    const had = new Map(Object.entries(attributes));
    return [...new Set([...final.keys(), ...had.keys()])].filter(name => JSON.stringify(final.get(name)) !== JSON.stringify(had.get(name)));
  };
  return [...new Set(before.flatMap(differs))];
}

/** The name that the value of an identity is sealed under. */
export const sealedName = (kind: string): string => `identity ${kind}`;

async function moveIdentities(
  client: PoolClient,
  tenantId: string,
  { gone, survivor }: { readonly gone: readonly string[]; readonly survivor: string },
  personal: PersonalAttributes,
): Promise<void> {
  const { rows } = await client.query<{ kind: string; blind: string; sealed: string; of: string }>(identitiesSql, [tenantId, gone]);
  for (const { kind, blind, sealed, of } of rows) {
    const name = sealedName(kind);
    const resealed = await personal.resealed(client, tenantId, { from: of, into: survivor, sealed: { [name]: sealed } });
    await client.query(moveIdentitySql, [tenantId, kind, blind, survivor, resealed[name]]);
  }
}
