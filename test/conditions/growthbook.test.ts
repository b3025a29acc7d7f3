import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { anyNames, checkCondition } from '../../src/conditions/check.js';
import type { Condition, Facts } from '../../src/conditions/condition.js';
import { compileCondition } from '../../src/conditions/evaluate.js';
import { parseCondition } from '../../src/conditions/condition.schema.js';
import { describeWithSharedData } from '../support/shared-data.js';
import { flatten, translate, type Groups } from './growthbook.js';

type Case = readonly [string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, boolean, Groups?];
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

describeWithSharedData('GrowthBook cases that our operators can express', 'vectors/growthbook/cases.json', file => {
  const cases = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { evalCondition: readonly Case[] }).evalCondition : [];
  const applicable = cases.flatMap(it => {
    const ours = expressed(it);
    return ours ? [{ name: it[0], expected: it[3], ...ours }] : [];
  });

  it('are 77 of the 248, of which we answer 2 otherwise on purpose', () => {
    expect([applicable.length, cases.length, applicable.filter(it => otherwise.has(it.name)).length]).toEqual([77, 248, 2]);
  });

  it('get the same answer', () => {
    for (const { name, expected, condition, attributes } of applicable) {
      const truth = compileCondition(condition)({ attributes, features: {}, context: {}, item: {}, behaviours: {}, segments: new Set(), now: 0 });
      expect([name, truth === true]).toEqual([name, otherwise.has(name) ? !expected : expected]);
      if (otherwise.has(name)) expect(truth).toBeUndefined();
    }
  });
});
