import { describe, expect, it } from '@jest/globals';
import { createPool, databaseFailure, inTransaction } from '../../src/platform/postgres.js';
import { testDatabase } from '../support/postgres.js';

const { url, pool } = await testDatabase();
await pool.query('CREATE TABLE notes (text TEXT PRIMARY KEY)');

async function notes(): Promise<readonly string[]> {
  const { rows } = await pool.query<{ text: string }>('SELECT text FROM notes ORDER BY text');
  return rows.map(it => it.text);
}

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('It should have failed');
}

describe('inTransaction', () => {
  it('commits what was done and answers with the result', async () => {
    const result = await inTransaction(pool, async client => {
      await client.query(`INSERT INTO notes VALUES ('kept')`);
      return 7;
    });
    expect(result).toBe(7);
    expect(await notes()).toContain('kept');
  });

  it('rolls all of it back where the work throws, and hands the error on', async () => {
    const failing = inTransaction(pool, async client => {
      await client.query(`INSERT INTO notes VALUES ('lost')`);
      throw new Error('second thoughts');
    });
    await expect(failing).rejects.toThrow('second thoughts');
    expect(await notes()).not.toContain('lost');
  });

  it('gives a connection that was cut no second time', async () => {
    const small = createPool({ databasePoolSize: 2, databaseTimeoutMs: 5000 }, { url, onError: () => undefined });
    const cut = inTransaction(small, async client => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await client.query('SELECT 1');
    });
    expect(databaseFailure(await failureOf(() => cut))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await inTransaction(small, client => client.query('SELECT 1 AS one'))).toMatchObject({ rows: [{ one: 1 }] });
    await small.end();
  });
});

describe('a transaction on a server that has fallen silent', () => {
  it('is given up, and its connection with it', async () => {
    const hasty = createPool({ databasePoolSize: 1, databaseTimeoutMs: 100 }, { url, onError: () => undefined });
    const silent = inTransaction(hasty, async client => {
      await client.query('SET LOCAL statement_timeout = 0');
      await client.query('SELECT pg_sleep(25)');
    });
    expect(databaseFailure(await failureOf(() => silent))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await inTransaction(hasty, client => client.query('SELECT 1 AS one'))).toMatchObject({ rows: [{ one: 1 }] });
    await hasty.end();
  });
});

describe('the pool', () => {
  it('gives up a statement that takes too long', async () => {
    const hasty = createPool({ databasePoolSize: 2, databaseTimeoutMs: 200 }, { url, onError: () => undefined });
    await expect(hasty.query('SELECT pg_sleep(20)')).rejects.toMatchObject({ code: '57014' });
    await hasty.end();
  });

  it('gives up waiting for a connection when all are in use', async () => {
    const hasty = createPool({ databasePoolSize: 1, databaseTimeoutMs: 200 }, { url, onError: () => undefined });
    const held = await hasty.connect();
    expect(databaseFailure(await failureOf(() => hasty.query('SELECT 1')))).toMatchObject({ code: 'UNAVAILABLE' });
    held.release();
    await hasty.end();
  });
});

describe('databaseFailure', () => {
  it('does not blame the database for a statement that is wrong', async () => {
    expect(databaseFailure(await failureOf(() => pool.query('SELECT nonsense')))).toBeUndefined();
  });

  it('knows a server that is not there', async () => {
    const nobody = createPool({ databasePoolSize: 2, databaseTimeoutMs: 1000 }, { url: 'postgres://a:b@127.0.0.1:1/c', onError: () => undefined });
    expect(databaseFailure(await failureOf(() => nobody.query('SELECT 1')))).toMatchObject({ code: 'UNAVAILABLE' });
    await nobody.end();
  });
});
