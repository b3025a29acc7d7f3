import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { timeSql } from '../../src/conditions/time-sql.js';
import { isoTimeMs } from '../../src/kernel/iso-time.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();

const digits = (length: number, max: number): fc.Arbitrary<string> => fc.integer({ min: 0, max }).map(it => String(it).padStart(length, '0'));
const dates = fc.oneof(
  fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map(it => it.toISOString().slice(0, 10)),
  fc.tuple(fc.constantFrom('0000', '0001', '1900', '2000', '2024', '2026'), digits(2, 13), digits(2, 32)).map(it => it.join('-')),
);
const clocks = fc.oneof(
  fc.constant(''),
  fc.tuple(digits(2, 24), digits(2, 60), fc.constantFrom('', ':00', ':59', ':60'), fc.constantFrom('', '.1', '.9996', '.123456789', '.1234567890'), fc.constantFrom('Z', '', '+00:00', '-05:30', '+23:59', '+24:00', '-00:60'))
    .map(([hour, minute, second, fraction, zone]) => `T${hour}:${minute}${second}${second === '' ? '' : fraction}${zone}`),
);
const texts = fc.tuple(dates, clocks, fc.constantFrom('', '', '', ' ', '\n')).map(it => it.join(''));

describe('timeSql', () => {
  it('reads a text as `isoTimeMs` does, and what is no time as none', async () => {
    const sample = fc.sample(texts, { seed: 9, numRuns: 20_000 });
    const { rows } = await pool.query<{ ms: string | null }>(`SELECT ${timeSql('it.text')} AS ms FROM unnest($1::text[]) WITH ORDINALITY AS it(text, place) ORDER BY place`, [sample]);
    const expected = sample.map(isoTimeMs);
    expect(rows.flatMap(({ ms }, i) => ((ms === null ? undefined : Number(ms)) === expected[i] ? [] : [[sample[i], ms, expected[i]]]))).toEqual([]);
    expect(expected.filter(it => it === undefined).length).toBeGreaterThan(3000);
    expect(expected.filter(it => it !== undefined).length).toBeGreaterThan(3000);
  });
});
