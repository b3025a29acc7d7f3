import { GraphQLError, GraphQLScalarType } from 'graphql';
import type { Condition } from './condition.js';

/** A tree of unbounded depth cannot be selected field by field, so it goes out whole; it comes in as `ConditionInput`. */
export const ConditionScalar = new GraphQLScalarType<never, Condition>({
  name: 'Condition',
  description: 'A condition as JSON, in the shape of ConditionInput.',
  serialize: value => value as Condition,
  parseValue: () => {
    throw new GraphQLError('Condition cannot be an input.');
  },
});
