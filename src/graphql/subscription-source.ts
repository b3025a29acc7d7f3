import type { GraphQLSchema } from 'graphql';
import type { ClassType } from 'type-graphql';
import type { RequestContext } from './request-context.js';

const instancesKey = 'resolverInstances';

/** Keeps the resolvers that a schema was built with where its subscriptions find them. */
export function keepResolvers(schema: GraphQLSchema, resolvers: readonly object[]): void {
  schema.extensions = { ...schema.extensions, [instancesKey]: new Map(resolvers.map(it => [it.constructor, it])) };
}

interface SubscribeData<A> {
  readonly args: A;
  readonly context: RequestContext;
  readonly info: { readonly schema: GraphQLSchema };
}

/**
 * The `subscribe` of a `@Subscription`: opens the events by a method of the resolver's instance. Decorators see classes
 * alone. Arguments come as GraphQL coerced them, not as instances of argument classes.
 */
export function openedBy<R extends object, A extends object>(
  resolver: () => ClassType<R>,
  open: (instance: R, args: A, context: RequestContext) => Promise<AsyncIterable<unknown>>,
): (data: SubscribeData<A>) => Promise<AsyncIterable<unknown>> {
  return async ({ args, context, info }) => {
    const instances = info.schema.extensions[instancesKey] as ReadonlyMap<unknown, object>;
    return open(instances.get(resolver()) as R, args, context);
  };
}
