import type { FeatureValue } from '../customers/online-record.js';
import { InvalidInput } from '../kernel/errors.js';
import { compileExpression, ExpressionFault, featuresOf, typeOf, type CompiledExpression, type Expression } from './expression.js';
import { kindOf, type FeatureDefinition } from './feature.js';

export type ParseExpression = (text: string) => Expression;

export interface DerivedFeature {
  readonly name: string;
  readonly evaluate: CompiledExpression;
}

/**
 * Refuses a derived feature that could not be computed beside the others.
 * @throws InvalidInput with the path; where features would rest on each other, with that `cycle` as text: a > b > a
 */
export function checkDerived(definition: FeatureDefinition, others: readonly FeatureDefinition[], parse: ParseExpression): void {
  if (definition.expression === undefined) return;
  const byName = new Map(others.map(it => [it.name, it]));
  byName.set(definition.name, definition);
  try {
    const expression = parse(definition.expression);
    for (const name of featuresOf(expression)) {
      const named = byName.get(name);
      if (named !== undefined && kindOf(named) === 'contextual') throw new ExpressionFault('It reads what is known of a request only');
    }
    const cycle = cycleThrough(definition.name, byName, parse);
    if (cycle !== undefined) throw new InvalidInput('A feature cannot rest on itself', { details: { path: '/expression', cycle: cycle.join(' > ') } });
    const type = typeOf(expression, name => byName.get(name)?.valueType);
    if (type !== definition.valueType) throw new InvalidInput(`The expression gives a ${type}`, { details: { path: '/valueType' } });
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    throw new InvalidInput(error.message, { cause: error, details: { path: '/expression' } });
  }
}

/** The shortest way from a feature back to itself. */
function cycleThrough(name: string, byName: ReadonlyMap<string, FeatureDefinition>, parse: ParseExpression): readonly string[] | undefined {
  const seen = new Set<string>();
  let ways: readonly (readonly string[])[] = [[name]];
  while (ways.length > 0) {
    const longer: (readonly string[])[] = [];
    for (const way of ways) {
      for (const next of restsOn(byName.get(way.at(-1) ?? ''), parse)) {
        if (next === name) return [...way, next];
        if (!seen.has(next)) longer.push([...way, next]);
        seen.add(next);
      }
    }
    ways = longer;
  }
  return undefined;
}

/** The names that a feature is computed from. */
export function restsOn(definition: FeatureDefinition | undefined, parse: ParseExpression): readonly string[] {
  return definition?.expression === undefined ? [] : featuresOf(parse(definition.expression));
}

/** The derived ones of these features, each after those that it reads. */
export function derivedInOrder(definitions: readonly FeatureDefinition[], parse: ParseExpression): readonly DerivedFeature[] {
  const byName = new Map(definitions.map(it => [it.name, it]));
  const ordered = new Map<string, DerivedFeature>();
  const visiting = new Set<string>();
  const visit = ({ name, expression: text }: FeatureDefinition): void => {
    if (text === undefined || visiting.has(name)) return;
    visiting.add(name);
    const expression = parse(text);
    for (const other of featuresOf(expression)) {
      const named = byName.get(other);
      if (named !== undefined) visit(named);
    }
    ordered.set(name, { name, evaluate: compileExpression(expression) });
  };
  definitions.forEach(visit);
  return [...ordered.values()];
}

/**
 * Values of the derived features, by name; undefined where missing.
 * @param valueOf what stands for the other features, defaults included
 */
export function derive(
  derived: readonly DerivedFeature[],
  valueOf: (name: string) => FeatureValue | undefined,
  defaultOf: (name: string) => FeatureValue | undefined,
): ReadonlyMap<string, FeatureValue | undefined> {
  const values = new Map<string, FeatureValue | undefined>();
  for (const { name, evaluate } of derived) {
    values.set(name, evaluate(other => (values.has(other) ? (values.get(other) ?? defaultOf(other)) : valueOf(other))));
  }
  return values;
}
