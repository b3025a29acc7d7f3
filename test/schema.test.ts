import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { buildClientSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema, type IntrospectionQuery } from 'graphql';
import { startShop } from './app/shop-server.js';
import { testDatabase } from './support/postgres.js';

const file = path.join(import.meta.dirname, '../schema.graphql');
const { pool } = await testDatabase();
const shop = await startShop({ pool });
afterAll(() => shop.stop());

/** `npm run emit:schema` writes the file; without it, the two are compared. */
it('schema.graphql is what the server serves', async () => {
  const { data } = await shop.query(getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true, oneOf: true, specifiedByUrl: true }));
  const served = `${printSchema(lexicographicSortSchema(buildClientSchema(data as IntrospectionQuery)))}\n`;
  if (process.env['EMIT_SCHEMA'] === '1') await writeFile(file, served);
  expect(await readFile(file, 'utf8')).toBe(served);
});
