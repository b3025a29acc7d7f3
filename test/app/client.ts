import { expect } from '@jest/globals';
import type { Pool } from 'pg';
import WebSocket from 'ws';
import type { ShopServer } from './shop-server.js';

/** What a client reads, as text. */
export interface Reply {
  /** Of HTTP; a socket has none. */
  readonly status: number | undefined;
  readonly text: string;
}

/** Sends the body as it stands: a broken one too. */
export type Ask = (shop: Pick<ShopServer, 'url'>, body: string, key: string) => Promise<Reply>;

export const askByHttp: Ask = (shop, body, key) => postText(`${shop.url}/graphql`, body, key);

export async function postText(url: string, body: string, key: string): Promise<Reply> {
  const headers = { 'content-type': 'application/json', ...(key !== '' && { authorization: `Bearer ${key}` }) };
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}

/** The first answer to the operation; what a socket was closed with, where it was. */
export const askBySocket: Ask = async (shop, body, key) => {
  const socket = openSocket(shop);
  try {
    return await new Promise<Reply>((resolve, reject) => {
      socket.on('open', () => { socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } })); });
      socket.on('message', (data: Buffer) => {
        const text = data.toString();
        const { type } = JSON.parse(text) as { type: string };
        if (type === 'connection_ack') socket.send(`{"id":"1","type":"subscribe","payload":${body}}`);
        else if (type !== 'ping') resolve({ status: undefined, text: JSON.stringify((JSON.parse(text) as { payload: unknown }).payload) });
      });
      socket.on('close', (code, reason) => { resolve({ status: undefined, text: JSON.stringify({ closed: code, reason: reason.toString() }) }); });
      socket.on('error', reject);
    });
  } finally {
    socket.terminate();
  }
};

export function openSocket(shop: Pick<ShopServer, 'url'>): WebSocket {
  return new WebSocket(`${shop.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
}

interface Errors {
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

export function codesOf({ text }: Reply): readonly (string | undefined)[] {
  const answer = JSON.parse(text) as Errors | NonNullable<Errors['errors']>;
  const errors = Array.isArray(answer) ? (answer as NonNullable<Errors['errors']>) : ((answer as Errors).errors ?? []);
  return errors.map(it => it.extensions?.code);
}

/** Stands in what tests send wherever it may not come back. */
export const planted = 'planted-7f3a';

/** That an answer refuses with the code, and tells nothing of our code or of what was sent. */
export function expectRefusal(reply: Reply, code: string): void {
  expect([...new Set(codesOf(reply))]).toEqual([code]);
  expect(reply.text).not.toContain(planted);
  expect(reply.text).not.toMatch(/node_modules|\.[jt]s:\d|\bat \w+.*\(|RangeError|TypeError|SyntaxError/);
}

/** All rows of the tenant, as one text: the same text before and after says that nothing has changed. */
export async function rowsOf(pool: Pool, { app, tenantId }: Pick<ShopServer, 'app' | 'tenantId'>): Promise<string> {
  await app.decisions.log.flush();
  while (await isLearning(pool, tenantId)) await new Promise(resolve => setTimeout(resolve, 20));
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  const lines = await Promise.all(tables.map(async ({ name }) => {
    const { rows } = await pool.query<{ rows: string }>(`SELECT concat(count(*), ' ', md5(string_agg(t::text, '|' ORDER BY t::text))) AS rows FROM "${name}" t WHERE tenant_id = $1`, [tenantId]);
    return `${name} ${rows[0]?.rows ?? ''}`;
  }));
  return lines.join('\n');
}

async function isLearning(pool: Pool, tenantId: string): Promise<boolean> {
  return (await pool.query('SELECT FROM outcomes WHERE tenant_id = $1 AND learned_at IS NULL LIMIT 1', [tenantId])).rowCount === 1;
}
