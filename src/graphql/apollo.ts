import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { CompiledExecutor } from './compiled-executor.js';
import type { ErrorFormat } from './error-format.js';
import { limitRule, type OperationLimits } from './operation-limits.js';
import type { RepeatedOperations } from './repeated-operations.js';
import type { RequestContext } from './request-context.js';

export interface ApolloDeps {
  readonly schema: GraphQLSchema;
  readonly executor: CompiledExecutor;
  readonly repeated: Pick<RepeatedOperations, 'accept'>;
  readonly errors: ErrorFormat;
  readonly limits: OperationLimits;
  readonly logger: Logger;
}

type Gateway = NonNullable<ConstructorParameters<typeof ApolloServer<RequestContext>>[0]['gateway']>;

/**
 * Apollo Server, started. The gateway's interface is its one way to put another executor in. Credentials travel in the
 * `authorization` header, which no page can send to another site unasked: its presence is proof enough against CSRF.
 */
export async function startedApollo({ schema, executor, repeated, errors, limits, logger }: ApolloDeps): Promise<ApolloServer<RequestContext>> {
  const apollo = new ApolloServer<RequestContext>({
    gateway: gatewayTo(schema, executor, repeated),
    logger,
    plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled()],
    parseOptions: { maxLexicalTokens: limits.maxTokens },
    validationRules: [limitRule(limits)],
    validationOptions: { maxErrors: 10 },
    introspection: true,
    persistedQueries: false,
    csrfPrevention: { requestHeaders: ['authorization', 'apollo-require-preflight', 'x-apollo-operation-name'] },
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (_formatted, error) => errors.toPublic(error).toJSON(),
  });
  await apollo.start();
  return apollo;
}

function gatewayTo(schema: GraphQLSchema, executor: CompiledExecutor, repeated: ApolloDeps['repeated']): Gateway {
  let tellSchema: Parameters<Gateway['onSchemaLoadOrUpdate']>[0] | undefined;
  return {
    onSchemaLoadOrUpdate(callback) {
      tellSchema = callback;
      return () => undefined;
    },
    async load() {
      tellSchema?.({ apiSchema: schema, coreSupergraphSdl: '' });
      return {
        executor: async ({ document, queryHash, operationName, request, context }) => {
          if (request.query !== undefined) repeated.accept(request.query, { document, queryHash });
          return executor.execute({
            document,
            queryHash,
            operationName: operationName ?? request.operationName,
            variables: request.variables ?? {},
            context: context as RequestContext,
          });
        },
      };
    },
    async stop() {
      // nothing was opened
    },
  };
}
