import jsep from 'jsep';
import { z } from 'zod';
import {
  binaryOperators, ExpressionFault, expressionFunctions, expressionLimits, mostExpressionText, type BinaryOperator, type Expression, type ExpressionFunction,
} from './expression.js';

/** Brackets within brackets, which the parser walks by recursion, and other prefixes of its. */
const mostNested = 100;

const literal = z.object({ type: z.literal('Literal'), value: z.union([z.number(), z.string(), z.boolean()]) });
const identifier = z.object({ type: z.literal('Identifier'), name: z.string() });
const nodeSchema = z.discriminatedUnion('type', [
  literal,
  identifier,
  z.object({ type: z.literal('UnaryExpression'), operator: z.string(), argument: z.unknown() }),
  z.object({ type: z.literal('BinaryExpression'), operator: z.string(), left: z.unknown(), right: z.unknown() }),
  z.object({ type: z.literal('ConditionalExpression'), test: z.unknown(), consequent: z.unknown(), alternate: z.unknown() }),
  z.object({ type: z.literal('CallExpression'), callee: identifier, arguments: z.array(z.unknown()) }),
]);
type Node = z.infer<typeof nodeSchema>;

/**
 * Reads the text of an expression: numbers, texts in quotes, `true`, `false`, operators, functions, and features by name; `feature("a name")`
 * where the name is no plain word.
 * @throws ExpressionFault where it is none, or is beyond `expressionLimits`
 */
export function parseExpression(text: string): Expression {
  if (text.length > mostExpressionText || nesting(text) > mostNested) throw new ExpressionFault('The expression is too large');
  let tree: unknown;
  try {
    tree = jsep(text);
  } catch {
    throw new ExpressionFault('The expression cannot be read');
  }
  let nodes = 0;
  const visit = (raw: unknown, depth: number): Expression => {
    nodes += 1;
    if (nodes > expressionLimits.nodes || depth > expressionLimits.depth) throw new ExpressionFault('The expression is too large');
    const node = nodeSchema.safeParse(raw);
    if (!node.success) throw new ExpressionFault('There is something in the expression that it cannot have');
    return expressionOf(node.data, part => visit(part, depth + 1));
  };
  return visit(tree, 1);
}

function expressionOf(node: Node, part: (raw: unknown) => Expression): Expression {
  switch (node.type) {
    case 'Literal': return { literal: node.value };
    case 'Identifier': return { feature: node.name };
    case 'ConditionalExpression': return { call: 'if', of: [node.test, node.consequent, node.alternate].map(part) };
    case 'CallExpression': return callOf(node.callee.name, node.arguments, part);
    case 'UnaryExpression':
      if (node.operator === '+') return part(node.argument);
      if (node.operator !== '-' && node.operator !== '!') throw new ExpressionFault('There is an operator in the expression that is not known');
      return { operator: node.operator === '-' ? 'negate' : '!', of: part(node.argument) };
    case 'BinaryExpression':
      if (!isBinaryOperator(node.operator)) throw new ExpressionFault('There is an operator in the expression that is not known');
      return { operator: node.operator, left: part(node.left), right: part(node.right) };
  }
}

function callOf(name: string, args: readonly unknown[], part: (raw: unknown) => Expression): Expression {
  if (name === 'feature') {
    const [named] = args.map(it => literal.safeParse(it).data?.value);
    if (args.length !== 1 || typeof named !== 'string') throw new ExpressionFault('feature takes one text');
    return { feature: named };
  }
  if (!isFunction(name)) throw new ExpressionFault('There is a function in the expression that is not known');
  return { call: name, of: args.map(part) };
}

const isBinaryOperator = (text: string): text is BinaryOperator => (binaryOperators as readonly string[]).includes(text);
const isFunction = (text: string): text is ExpressionFunction => (expressionFunctions as readonly string[]).includes(text);

/** The most brackets open at once, or signs in a row: an upper bound of how deep the parser goes. */
function nesting(text: string): number {
  let [open, signs, most] = [0, 0, 0];
  for (const char of text) {
    if ('([{'.includes(char)) open += 1;
    else if (')]}'.includes(char)) open -= 1;
    signs = '-+!~?:'.includes(char) ? signs + 1 : /\s/.test(char) ? signs : 0;
    most = Math.max(most, open + signs);
  }
  return most;
}
