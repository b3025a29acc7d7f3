import type { Client } from '@elastic/elasticsearch';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';

/** Tables of the database with a row that holds the text. */
export async function tablesWith(pool: Pool, text: string): Promise<readonly string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    "SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm') AND NOT relispartition ORDER BY 1");
  const found = [];
  for (const { name } of tables) {
    const { rows: [row] } = await pool.query<{ is: boolean }>(`SELECT EXISTS (SELECT FROM ${name} t WHERE t::text LIKE '%' || $1 || '%') AS is`, [text]);
    if (row?.is === true) found.push(name);
  }
  return found;
}

/** All that Redis holds, keys and values. */
export async function redisDump(client: Redis): Promise<string> {
  const texts: string[] = [];
  for (const key of await client.keys('*')) texts.push(key, JSON.stringify(await redisValue(client, key)));
  return texts.join('\n');
}

async function redisValue(client: Redis, key: string): Promise<unknown> {
  const type = await client.type(key);
  switch (type) {
    case 'string': return client.get(key);
    case 'hash': return client.hgetall(key);
    case 'set': return client.smembers(key);
    case 'zset': return client.zrange(key, 0, -1, 'WITHSCORES');
    case 'list': return client.lrange(key, 0, -1);
    case 'stream': return [await client.xrange(key, '-', '+'), await client.xinfo('GROUPS', key)];
    case 'none': return null; // gone meanwhile
    default: throw new Error(`There is no way to read a value of the type ${type}`);
  }
}

const atOnce = 1000;

/** All that an index holds: what it is called and how it is made, the documents, and each term that can be searched for. */
export async function elasticDump(client: Client, index: string): Promise<string> {
  await client.indices.refresh({ index });
  const { [index]: made } = await client.indices.get({ index });
  const texts = [JSON.stringify(made), await elasticDocuments(client, index)];
  for (const field of Object.keys(made?.mappings?.properties ?? {})) texts.push(...(await termsOf(client, index, field)));
  return texts.join('\n');
}

/** All documents that a search of the index finds now. Terms of those that are gone stay until their part of the index is written anew. */
export async function elasticDocuments(client: Client, index: string): Promise<string> {
  const texts: string[] = [];
  let after: string | undefined;
  do {
    const { hits: { hits } } = await client.search({ index, size: atOnce, sort: [{ id: 'asc' }], ...(after !== undefined && { search_after: [after] }) });
    texts.push(JSON.stringify(hits));
    after = hits.length === atOnce ? String(hits.at(-1)?.sort?.[0]) : undefined;
  } while (after !== undefined);
  return texts.join('\n');
}

async function termsOf(client: Client, index: string, field: string): Promise<readonly string[]> {
  const all: string[] = [];
  for (let page: readonly string[] | undefined; page === undefined || page.length === atOnce;) {
    const last = all.at(-1);
    const { terms, complete } = await client.termsEnum({ index, field, size: atOnce, timeout: '10s', ...(last !== undefined && { search_after: last }) });
    if (!complete) throw new Error('Not all terms came');
    page = terms;
    all.push(...terms);
  }
  return all;
}
