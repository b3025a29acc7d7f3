import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FeatureValue, ValueType } from '../../src/customers/online-record.js';
import { compileExpression, ExpressionFault, typeOf, type Scalar } from '../../src/features/expression.js';
import { parseExpression } from '../../src/features/expression.schema.js';

const values: Readonly<Record<string, FeatureValue>> = { views: 40, none: 0, city: 'Ulm', loyal: true, 'a b': 7, tags: ['x'], huge: Number.MAX_VALUE };
const types: Readonly<Record<string, ValueType>> = { ...Object.fromEntries(Object.entries(values).map(([name, it]) => [name, Array.isArray(it) ? 'strings' : typeof it as ValueType])), gone: 'number', lost: 'boolean' };
const typed = (text: string): string => typeOf(parseExpression(text), name => types[name]);
const evaluate = (text: string): Scalar | undefined => {
  typed(text);
  return compileExpression(parseExpression(text))(name => values[name]);
};
const fault = (text: string): unknown => {
  try {
    return typed(text);
  } catch (error) {
    return error instanceof ExpressionFault ? 'fault' : error;
  }
};

describe('an expression', () => {
  it.each<[string, Scalar | undefined]>([
    ['1 + 2 * 3', 7],
    ['-(2 - 5) % 2', 1],
    ['min(1, 0.3 * min(views / 100, 1))', 0.12],
    ['max(views, 3, 50)', 50],
    ['abs(-2) + floor(1.7) + ceil(1.2) + round(2.5) + round(-2.5)', 5],
    ['sqrt(16) + ln(exp(2))', 6],
    ['if(views > 10, "many", "few")', 'many'],
    ['views > 10 ? 1 : 0', 1],
    ['city == "Ulm" && !(loyal != true)', true],
    ['feature("a b") * 2', 14],
    ['coalesce(gone, views)', 40],
    ['gone + 1', undefined],
    ['min(1, gone)', undefined],
    ['if(gone > 1, 1, 2)', undefined],
    ['gone > 1 || loyal', true],
    ['lost && views > 100', false],
    ['lost && loyal', undefined],
    ['views / none', undefined],
    ['none / none', undefined],
    ['views % none', undefined],
    ['1 / (1 / none)', undefined],
    ['ln(none)', undefined],
    ['sqrt(-1)', undefined],
    ['exp(1000)', undefined],
    ['huge * 10', undefined],
    ['coalesce(views / none, 0)', 0],
  ])('%s gives %p', (text, value) => {
    expect(evaluate(text)).toBe(value);
  });

  it.each([
    'views +', '', 'views views', 'unknown + 1', 'tags == tags', 'views + city', 'loyal + 1', 'views && loyal', '!views', 'if(views, 1, 2)', 'if(loyal, 1, city)',
    'min()', 'abs(1, 2)', 'coalesce()', 'coalesce(views, city)', 'views == city', 'city < city', 'views ** 2', 'views === 1', 'views | 1', '~views', 'this', 'null == null',
    'constructor("return 1")()', 'views.constructor', '[1, 2]', 'views; views', '(1, 2)', '1e999', 'feature(city)', 'constructor(1)', 'a => 1', 'views = 1', '`x`',
  ])('%s is refused', text => {
    expect(fault(text)).toBe('fault');
  });

  it('is refused where it is too large, however it is nested', () => {
    expect(fault(Array.from({ length: 101 }, () => '1').join('+'))).toBe('fault');
    for (const text of [`${'('.repeat(400)}1${')'.repeat(400)}`, `${'-'.repeat(900)}1`, `${'!'.repeat(900)}loyal`, '[['.repeat(400), 'abs('.repeat(200), `${'1?'.repeat(300)}1`, '1'.repeat(1001)]) {
      expect(fault(text)).toBe('fault');
    }
  });

  it('gives a finite value of its type, or nothing, whatever it is made of', () => {
    const number = fc.letrec<{ node: string }>(tie => ({
      node: fc.oneof({ maxDepth: 5 }, fc.constantFrom('views', 'none', 'gone', 'huge', '0.5', '3'),
        fc.tuple(tie('node'), fc.constantFrom('+', '-', '*', '/', '%'), tie('node')).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
        fc.tuple(fc.constantFrom('abs', 'floor', 'ceil', 'round', 'sqrt', 'ln', 'exp', 'min', 'max', 'coalesce'), tie('node')).map(([name, it]) => `${name}(${it})`),
        fc.tuple(tie('node'), tie('node'), tie('node')).map(([a, b, c]) => `if(${a} < ${b}, ${b}, ${c})`)),
    })).node;
    fc.assert(fc.property(number, text => {
      let value: unknown;
      try {
        value = evaluate(text);
      } catch (error) {
        if (!(error instanceof ExpressionFault)) throw error; // beyond the limits
      }
      expect(value === undefined || Number.isFinite(value)).toBe(true);
      expect(Object.is(value, -0)).toBe(false);
    }), { seed: 5, numRuns: 500 });
  });
});
