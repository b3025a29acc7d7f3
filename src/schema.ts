import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchema, type ClassType, type NonEmptyArray, type PubSub } from 'type-graphql';
import { applyOneOf } from './graphql/one-of.js';
import { keepResolvers } from './graphql/subscription-source.js';

/** TypeGraphQL asks for one where there are subscriptions; ours open their own sources. */
const noPubSub: PubSub = {
  publish() {
    throw new Error('subscriptions are opened by openedBy');
  },
  subscribe() {
    throw new Error('subscriptions are opened by openedBy');
  },
};

/** Builds the schema from resolvers that are made already. */
export async function schemaOf(resolvers: readonly object[]): Promise<GraphQLSchema> {
  const byClass = new Map<unknown, object>(resolvers.map(it => [it.constructor, it]));
  const schema = await buildSchema({
    resolvers: [...byClass.keys()] as unknown as NonEmptyArray<ClassType>,
    container: { get: (resolverClass: unknown) => byClass.get(resolverClass) },
    validate: false,
    pubSub: noPubSub,
  });
  applyOneOf(schema);
  keepResolvers(schema, resolvers);
  return schema;
}
