import type { FeatureValue, ValueType } from '../customers/online-record.js';

/** What an expression gives. Undefined is "missing": it comes from a missing feature, and from what has no finite result. */
export type Scalar = number | string | boolean;
export type ScalarType = Exclude<ValueType, 'strings'>;

export const mostExpressionText = 1000;
/** Nodes of one tree, and those on the way to its deepest leaf. */
export const expressionLimits = { nodes: 200, depth: 20 } as const;

export const binaryOperators = ['+', '-', '*', '/', '%', '<', '<=', '>', '>=', '==', '!=', '&&', '||'] as const;
export type BinaryOperator = (typeof binaryOperators)[number];

export const expressionFunctions = ['min', 'max', 'abs', 'floor', 'ceil', 'round', 'sqrt', 'ln', 'exp', 'if', 'coalesce'] as const;
export type ExpressionFunction = (typeof expressionFunctions)[number];

/** A checked expression over features. */
export type Expression =
  | { readonly literal: Scalar }
  | { readonly feature: string }
  | { readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly operator: 'negate' | '!'; readonly of: Expression }
  | { readonly call: ExpressionFunction; readonly of: readonly Expression[] };

/** Says why an expression cannot mean anything; the border gives it a place. */
export class ExpressionFault extends Error {}

/** The names of the features that it reads, each once. */
export function featuresOf(expression: Expression): readonly string[] {
  const names = new Set<string>();
  const visit = (node: Expression): void => {
    if ('feature' in node) names.add(node.feature);
    else childrenOf(node).forEach(visit);
  };
  visit(expression);
  return [...names];
}

export function childrenOf(node: Expression): readonly Expression[] {
  if ('left' in node) return [node.left, node.right];
  if ('call' in node) return node.of;
  return 'of' in node ? [node.of] : [];
}

/**
 * The type of what it gives.
 * @throws ExpressionFault where operands do not fit together, or a feature is not there
 */
export function typeOf(expression: Expression, typeOfFeature: (name: string) => ValueType | undefined): ScalarType {
  const visit = (node: Expression): ScalarType => {
    if ('literal' in node) return typeof node.literal as ScalarType;
    if ('feature' in node) return scalarType(typeOfFeature(node.feature));
    const types = childrenOf(node).map(visit);
    if ('call' in node) return typeOfCall(node.call, types);
    return typeOfOperator(node.operator, types);
  };
  return visit(expression);
}

function scalarType(type: ValueType | undefined): ScalarType {
  if (type === undefined) throw new ExpressionFault('It names a feature that there is not');
  if (type === 'strings') throw new ExpressionFault('It reads a list of texts');
  return type;
}

const logical: ReadonlySet<string> = new Set(['&&', '||', '!']);
const comparing: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);

function typeOfOperator(operator: BinaryOperator | 'negate' | '!', types: readonly ScalarType[]): ScalarType {
  if (logical.has(operator)) return allOf('boolean', types, operator);
  if (operator === '==' || operator === '!=') {
    if (types[0] !== types[1]) throw new ExpressionFault(`Both sides of ${operator} have to be of one type`);
    return 'boolean';
  }
  const type = allOf('number', types, operator === 'negate' ? '-' : operator);
  return comparing.has(operator) ? 'boolean' : type;
}

function typeOfCall(name: ExpressionFunction, types: readonly ScalarType[]): ScalarType {
  if (name === 'if') return typeOfIf(types);
  const [first] = types;
  if (name === 'coalesce') {
    if (first === undefined || types.some(it => it !== first)) throw new ExpressionFault('coalesce takes values of one type');
    return first;
  }
  if (name === 'min' || name === 'max') {
    if (first === undefined) throw new ExpressionFault(`${name} takes at least one number`);
  } else if (types.length !== 1) throw new ExpressionFault(`${name} takes one number`);
  return allOf('number', types, name);
}

function typeOfIf(types: readonly ScalarType[]): ScalarType {
  const [condition, then, otherwise] = types;
  if (types.length === 3 && condition === 'boolean' && then !== undefined && then === otherwise) return then;
  throw new ExpressionFault('if takes a boolean, and two values of one type');
}

function allOf(type: ScalarType, types: readonly ScalarType[], what: string): ScalarType {
  if (types.some(it => it !== type)) throw new ExpressionFault(`${what} takes ${type}s`);
  return type;
}

export type CompiledExpression = (featureValue: (name: string) => FeatureValue | undefined) => Scalar | undefined;

/** Turns a checked expression into a function that never throws and never gives NaN or an infinity. */
export function compileExpression(node: Expression): CompiledExpression {
  if ('literal' in node) return () => node.literal;
  if ('feature' in node) {
    return valueOf => {
      const value = valueOf(node.feature);
      return typeof value === 'object' ? undefined : value;
    };
  }
  if ('call' in node) return compileCall(node.call, node.of.map(compileExpression));
  if ('left' in node) return compileBinary(node.operator, compileExpression(node.left), compileExpression(node.right));
  const of = compileExpression(node.of);
  return valueOf => {
    const value = of(valueOf);
    if (value === undefined) return undefined;
    return node.operator === '!' ? !value : 0 - Number(value);
  };
}

type Values = (name: string) => FeatureValue | undefined;

function compileCall(name: ExpressionFunction, parts: readonly CompiledExpression[]): CompiledExpression {
  const [condition, then, otherwise] = parts;
  if (name === 'if' && condition !== undefined) {
    return valueOf => {
      const truth = condition(valueOf);
      return truth === undefined ? undefined : (truth === true ? then : otherwise)?.(valueOf);
    };
  }
  if (name === 'coalesce') {
    return valueOf => {
      for (const part of parts) {
        const value = part(valueOf);
        if (value !== undefined) return value;
      }
      return undefined;
    };
  }
  const apply = numeric[name as keyof typeof numeric];
  return valueOf => {
    const values = parts.map(part => part(valueOf));
    return values.includes(undefined) ? undefined : finite(apply(...(values as number[])));
  };
}

const numeric: Readonly<Record<Exclude<ExpressionFunction, 'if' | 'coalesce'>, (...values: number[]) => number>> = {
  min: Math.min, max: Math.max, abs: Math.abs, floor: Math.floor, ceil: Math.ceil, sqrt: Math.sqrt, ln: Math.log, exp: Math.exp,
  /** Half away from zero. */
  round: (x = Number.NaN): number => Math.sign(x) * Math.round(Math.abs(x)),
};

const arithmetic = {
  '+': (a: number, b: number) => finite(a + b),
  '-': (a: number, b: number) => finite(a - b),
  '*': (a: number, b: number) => finite(a * b),
  '/': (a: number, b: number) => finite(a / b),
  '%': (a: number, b: number) => finite(a % b),
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
} as const;

function compileBinary(operator: BinaryOperator, left: CompiledExpression, right: CompiledExpression): CompiledExpression {
  if (operator === '&&' || operator === '||') return compileLogic(operator === '||', left, right);
  const apply: (a: Scalar, b: Scalar) => Scalar | undefined = operator === '==' ? (a, b) => a === b
    : operator === '!=' ? (a, b) => a !== b
    : arithmetic[operator] as (a: Scalar, b: Scalar) => Scalar | undefined;
  return valueOf => {
    const [a, b] = [left(valueOf), right(valueOf)];
    return a === undefined || b === undefined ? undefined : apply(a, b);
  };
}

/** As conditions do: what decides alone decides also where the other side is missing. */
function compileLogic(deciding: boolean, left: CompiledExpression, right: CompiledExpression): CompiledExpression {
  return (valueOf: Values) => {
    const a = left(valueOf);
    if (a === deciding) return deciding;
    const b = right(valueOf);
    if (b === deciding) return deciding;
    return a === undefined || b === undefined ? undefined : !deciding;
  };
}

/** -0 is 0: as JSON it could not be told apart. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value + 0 : undefined;
}
