import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { startShop, type ShopServer } from './shop-server.js';

const { pool } = await testDatabase();
let shop: ShopServer;
beforeAll(async () => {
  shop = await startShop({ pool });
});
afterAll(() => shop.stop());

const leaf = { attribute: { name: 'city', operator: 'equals', value: 'Ulm' } };
/** Written as text: as an object it could not even be sent. */
const nested = (depth: number): string => `${'{"not":'.repeat(depth)}${JSON.stringify(leaf)}${'}'.repeat(depth)}`;
const wide = (count: number): string => JSON.stringify({ or: Array.from({ length: count }, () => leaf) });

/** Status and code of the first refusal, of a body that is sent as it is. */
async function refused(query: string, condition: string): Promise<readonly [status: number, code: string | undefined]> {
  const body = `{"query":${JSON.stringify(query)},"variables":{"condition":${condition},"input":{"id":"bad","name":"Bad","condition":${condition}}}}`;
  const response = await fetch(`${shop.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${shop.keys.admin}` }, body });
  const answer = (await response.json()) as { readonly errors?: readonly { readonly extensions: { readonly code: string } }[] };
  return [response.status, answer.errors?.[0]?.extensions.code];
}

describe('a segment with a condition that is too much', () => {
  it.each<[string, () => string, string]>([
    ['10,000 nodes side by side', () => wide(10_000), 'LIMIT_EXCEEDED'],
    ['10,000 nodes in each other', () => nested(10_000), 'LIMIT_EXCEEDED'],
    ['100 nodes in each other', () => nested(100), 'LIMIT_EXCEEDED'],
    ['a string of half a megabyte', () => JSON.stringify({ attribute: { name: 'city', operator: 'equals', value: 'x'.repeat(500_000) } }), 'INVALID_INPUT'],
    ['a name of half a megabyte', () => JSON.stringify({ attribute: { name: 'x'.repeat(500_000), operator: 'exists' } }), 'INVALID_INPUT'],
    ['20 megabytes', () => JSON.stringify({ attribute: { name: 'city', operator: 'equals', value: 'x'.repeat(20_000_000) } }), 'LIMIT_EXCEEDED'],
  ])('is refused: %s; nothing is done, and the server goes on', async (_what, condition, code) => {
    for (const query of [
      'mutation($input: SegmentInput!) { createSegment(input: $input) { configurationVersion } }',
      'query($condition: ConditionInput!) { previewSegment(condition: $condition) { count } }',
    ]) {
      const [status, said] = await refused(query, condition());
      expect([status < 500, said]).toEqual([true, code]);
    }
    expect((await shop.query('{ segment(id: "bad") { id } previewSegment(condition: { attribute: { name: "city", operator: exists } }) { count } }')).data).toEqual({ segment: null, previewSegment: { count: 0 } });
  });
});
