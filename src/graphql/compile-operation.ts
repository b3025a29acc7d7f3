import { GraphQLScalarType, Kind, visit, type DocumentNode, type GraphQLSchema } from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';

/** A variable whose value is taken as it is. */
const coerced = new GraphQLScalarType({ name: 'CoercedVariable', parseValue: value => value });

/**
 * Compiles an operation, whose variables must then be given as graphql-js has coerced them; undefined where it cannot be
 * compiled. graphql-jit's own coercion is left out: it does not know @oneOf, refuses a required field that has a default,
 * and writes out each field of each type, for seconds where a type holds itself.
 */
export function compileOperation(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): CompiledQuery | undefined {
  const untyped = visit(document, {
    VariableDefinition: ({ kind, variable }) => ({
      kind,
      variable,
      type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: coerced.name } },
    }),
  });
  const compiled = compileQuery(withCoerced(schema), untyped, operationName);
  return isCompiledQuery(compiled) ? compiled : undefined;
}

/** The same schema, with one more name that only the compiler asks for. */
function withCoerced(schema: GraphQLSchema): GraphQLSchema {
  const getType: GraphQLSchema['getType'] = name => (name === coerced.name ? coerced : schema.getType(name));
  return Object.create(schema, { getType: { value: getType } }) as GraphQLSchema;
}
