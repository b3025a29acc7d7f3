import {
  coerceInputValue,
  GraphQLError,
  isInputType,
  isNonNullType,
  typeFromAST,
  valueFromASTUntyped,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';
import { InvalidInput } from '../kernel/errors.js';

export type Variables = Readonly<Record<string, unknown>>;

interface Declared {
  readonly node: VariableDefinitionNode;
  readonly name: string;
  readonly type: GraphQLInputType;
}

const maxErrors = 10;

/**
 * Checks an operation's variables before any executor sees them, with graphql-js's own coercion: compiled queries do
 * not enforce @oneOf. What it says names variables and places in them, never what was sent.
 */
export class VariableChecks {
  readonly #declared: readonly Declared[];
  readonly #defaults: Variables;

  constructor(schema: GraphQLSchema, operation: OperationDefinitionNode) {
    const nodes = operation.variableDefinitions ?? [];
    this.#declared = nodes.flatMap(node => {
      const type = typeFromAST(schema, node.type);
      return type !== undefined && isInputType(type) ? [{ node, name: node.variable.name.value, type }] : [];
    });
    this.#defaults = Object.fromEntries(
      nodes.flatMap(node => (node.defaultValue === undefined ? [] : [[node.variable.name.value, valueFromASTUntyped(node.defaultValue)]])),
    );
  }

  /** The variables as sent, with the operation's defaults where it was silent. */
  withDefaults(sent: Variables): Variables {
    return { ...this.#defaults, ...sent };
  }

  /** What is wrong with `variables`, at most ten findings; nothing where they fit. */
  errors(variables: Variables): readonly GraphQLError[] {
    const errors: GraphQLError[] = [];
    for (const { node, name, type } of this.#declared) {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined || value === null) {
        if (isNonNullType(type)) errors.push(refusal(node, `Variable "$${name}" needs a value of the type ${type.toString()}.`));
        continue;
      }
      coerceInputValue(value, type, path => {
        if (errors.length < maxErrors) errors.push(refusal(node, `Variable "$${name}" does not fit the type ${type.toString()}${placeOf(path)}.`));
      });
      if (errors.length >= maxErrors) break;
    }
    return errors;
  }
}

function refusal(node: VariableDefinitionNode, message: string): GraphQLError {
  return new GraphQLError(message, { nodes: node, originalError: new InvalidInput(message) });
}

/** The names in a path are the schema's: a field that it does not know is reported at the object that holds it. */
function placeOf(path: readonly (string | number)[]): string {
  if (path.length === 0) return '';
  return ` at ${path.map(key => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')}`;
}
