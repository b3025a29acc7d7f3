import {
  coerceInputValue,
  GraphQLError,
  isInputType,
  isNonNullType,
  typeFromAST,
  valueFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';
import { InvalidInput, LimitExceeded } from '../kernel/errors.js';
import { isShallow, mostLevels } from '../kernel/json.js';

export type Variables = Readonly<Record<string, unknown>>;

interface Declared {
  readonly node: VariableDefinitionNode;
  readonly name: string;
  readonly type: GraphQLInputType;
  /** Undefined where there is no default. */
  readonly byDefault: unknown;
}

const maxErrors = 10;

/** Values as resolvers get them, or what is wrong with those that were sent, at most ten findings. */
export type CoercedVariables = { readonly values: Variables } | { readonly errors: readonly GraphQLError[] };

/**
 * Coerces an operation's variables for whatever executor runs it, value by value as graphql-js does. What it says names
 * variables and places in them, never what was sent.
 */
export class VariableCoercion {
  readonly #declared: readonly Declared[];

  constructor(schema: GraphQLSchema, operation: OperationDefinitionNode) {
    this.#declared = (operation.variableDefinitions ?? []).flatMap(node => {
      const type = typeFromAST(schema, node.type);
      if (type === undefined || !isInputType(type)) return [];
      return [{ node, name: node.variable.name.value, type, byDefault: node.defaultValue && valueFromAST(node.defaultValue, type) }];
    });
  }

  coerce(sent: Variables): CoercedVariables {
    if (!isShallow(sent)) return { errors: [tooDeep()] };
    const values: Record<string, unknown> = {};
    const errors: GraphQLError[] = [];
    for (const { node, name, type, byDefault } of this.#declared) {
      const value = Object.hasOwn(sent, name) ? sent[name] : undefined;
      if (value === undefined && byDefault !== undefined) values[name] = byDefault;
      else if ((value === undefined || value === null) && isNonNullType(type)) {
        errors.push(refusal(node, `Variable "$${name}" needs a value of the type ${type.toString()}.`));
      } else if (value !== undefined) {
        values[name] = coerceInputValue(value, type, path => {
          if (errors.length < maxErrors) errors.push(refusal(node, `Variable "$${name}" does not fit the type ${type.toString()}${placeOf(path)}.`));
        });
      }
      if (errors.length >= maxErrors) break;
    }
    return errors.length > 0 ? { errors } : { values };
  }
}

/** Coercion recurses, here and in executors. */
function tooDeep(): GraphQLError {
  const originalError = new LimitExceeded('The variables are nested too deep.', { details: { limit: mostLevels } });
  return new GraphQLError(originalError.message, { originalError });
}

function refusal(node: VariableDefinitionNode, message: string): GraphQLError {
  return new GraphQLError(message, { nodes: node, originalError: new InvalidInput(message) });
}

/** The names in a path are the schema's: a field that it does not know is reported at the object that holds it. */
function placeOf(path: readonly (string | number)[]): string {
  if (path.length === 0) return '';
  return ` at ${path.map(key => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')}`;
}
