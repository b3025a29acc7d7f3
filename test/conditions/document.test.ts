import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { operators, type Comparison, type Facts, type Truth } from '../../src/conditions/condition.js';
import { compileCondition } from '../../src/conditions/evaluate.js';

const text = readFileSync(path.join(import.meta.dirname, '../../docs/conditions.md'), 'utf8');
const table = (heading: string): readonly (readonly string[])[] => {
  const [, after = ''] = text.split(`${heading}\n`);
  return after.split('\n').slice(1).slice(0, after.split('\n').slice(1).findIndex(it => !it.startsWith('|')))
    .map(line => line.split('|').slice(1, -1).map(it => it.trim()));
};

const now = Date.parse('2026-03-01T12:00:00Z');
const held: Readonly<Record<string, Facts['attributes'][string] | undefined>> = { number: now, text: '2026-03-01T11:00:00Z', boolean: true, list: ['x'], missing: undefined };
const operand: Readonly<Record<string, Comparison['value']>> = {
  'a number': 1, 'a text': 'x', 'a boolean': false, 'numbers': [1, 2], 'texts': ['x', 'y'], '[low, high]': [1, 2], 'a time': '2026-03-01', 'a duration': 'P1D', 'true or nothing': true, 'false': false,
};
const truthOf = (operator: string, value: Comparison['value'], it: Facts['attributes'][string] | undefined): Truth =>
  compileCondition({ attribute: { name: 'a', operator: operator as Comparison['operator'], value } })({
    attributes: it === undefined ? {} : { a: it }, features: {}, context: {}, item: {}, behaviours: {}, segments: new Set(), now,
  });

describe('docs/conditions.md', () => {
  const rows = table('| operator | takes | number | text | boolean | list | missing |').flatMap(([names = '', takes = '', ...cells]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, operator = '']) => ({ operator, takes, cells })));

  it('has every operator', () => {
    expect(new Set(rows.map(it => it.operator))).toEqual(new Set(operators));
  });

  it('says of each operator and type whether the answer is known', () => {
    for (const { operator, takes, cells } of rows.filter(it => it.takes !== 'as `equals`')) {
      const known = Object.values(held).map(it => truthOf(operator, operand[takes], it) !== undefined);
      expect([operator, takes, known]).toEqual([operator, takes, cells.map(it => it !== 'not known')]);
    }
  });

  it('says what comes of values that are not known', () => {
    const truth: Readonly<Record<string, Comparison>> = {
      'true': { name: 'b', operator: 'exists', value: false }, 'false': { name: 'b', operator: 'exists' }, 'not known': { name: 'b', operator: 'equals', value: 1 },
    };
    const nodeOf = (name = ''): { readonly attribute: Comparison } => ({ attribute: truth[name] ?? { name, operator: 'exists' } });
    const said = (it: Truth): string => (it === undefined ? 'not known' : String(it));
    const about: Facts = { attributes: {}, features: {}, context: {}, item: {}, behaviours: {}, segments: new Set(), now };
    const kleene = table('| a | b | a and b | a or b | not a |');
    expect(kleene).toHaveLength(3);
    for (const [a, b, ...answers] of kleene) {
      const wholes = [{ and: [nodeOf(a), nodeOf(b)] }, { or: [nodeOf(a), nodeOf(b)] }, { not: nodeOf(a) }];
      expect(wholes.map(it => said(compileCondition(it)(about)))).toEqual(answers);
    }
  });
});
