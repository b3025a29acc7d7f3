import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { anyNames, checkCondition } from '../../src/conditions/check.js';
import type { Condition, Facts } from '../../src/conditions/condition.js';
import { compileCondition } from '../../src/conditions/evaluate.js';
import { parseCondition } from '../../src/conditions/condition.schema.js';
import { flatten, translate, type Groups } from './growthbook.js';

const file = new URL('../../../shared/vectors/growthbook/cases.json', import.meta.url);
const isThere = existsSync(file);
if (!isThere && process.env['CI']) throw new Error('The GrowthBook cases are missing');

type Case = readonly [string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, boolean, Groups?];
const cases = isThere ? (JSON.parse(readFileSync(file, 'utf8')) as { evalCondition: Case[] }).evalCondition : [];

/** Where we mean to answer otherwise: a missing value, or one of another type, is not known, so the condition does not hold. */
const otherwise = new Set(['missing attribute with comparison operators', 'comparing numbers and strings']);

function expressed([, condition, attributes, , groups]: Case): { condition: Condition; attributes: Facts['attributes'] } | undefined {
  const translated = translate(condition, groups ?? {});
  const values = flatten(attributes);
  if (translated === undefined || values === undefined) return undefined;
  try {
    const parsed = parseCondition(JSON.parse(JSON.stringify(translated)));
    checkCondition(parsed, { attribute: anyNames });
    return { condition: parsed, attributes: values };
  } catch {
    return undefined;
  }
}

const applicable = cases.flatMap(it => {
  const ours = expressed(it);
  return ours ? [{ name: it[0], expected: it[3], ...ours }] : [];
});

if (!isThere) it.skip('GrowthBook cases: ../shared is not here', () => {});
else describe('GrowthBook cases that our operators can express', () => {
  it('are 77 of the 248, of which we answer 2 otherwise on purpose', () => {
    expect([applicable.length, cases.length, applicable.filter(it => otherwise.has(it.name)).length]).toEqual([77, 248, 2]);
  });

  it.each(applicable)('$name: $expected', ({ name, expected, condition, attributes }) => {
    const truth = compileCondition(condition)({ attributes, features: {}, context: {}, item: {}, segments: new Set(), now: 0 });
    if (otherwise.has(name)) expect(truth).toBeUndefined();
    else expect(truth === true).toBe(expected);
  });
});
