import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify from 'fastify';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';
import { answerQuestions } from './child.js';

/** The floors: a bare Fastify route, and Apollo with compiled queries, both answering a constant decision of the size that Attune answers. */
const item = (n: number) => ({ id: `trail-item-${n}`, type: 'product', title: `Trail item ${n}`, category: 'shoes', tags: ['trail', 'sale'] });
const decision = (customerId: string) => ({
  id: '0195515c-5800-7000-8000-000000000001',
  customerId,
  selectedContent: item(1),
  alternativeOptions: [item(2), item(3), item(4)],
  confidenceScore: 0.73,
  propensity: 0.905,
  explorationUsed: false,
  reasoning: 'Selected due to high customer engagement',
  level: 'FULL',
  latencyMs: 0.4,
});

/** What the REST twin answers: items whole. */
const wholeItem = (n: number) => ({ ...item(n), priority: 20 - n, publishedAt: '2026-01-01T00:00:00Z', attributes: { stock: n, adult: false } });
const restAnswer = {
  decisionId: '0195515c-5800-7000-8000-000000000001',
  selectedItem: wholeItem(1),
  confidenceScore: 0.7312345678901234,
  propensity: 0.905,
  level: 'FULL',
  reasoning: 'Selected due to high customer engagement',
  latencyMs: 0.4012345678901234,
  alternativeOptions: [wholeItem(2), wholeItem(3), wholeItem(4)],
};

function schemaOfConstants(): GraphQLSchema {
  const schema = buildSchema(`
    type Item { id: ID! type: String! title: String! category: String! tags: [String!]! }
    type Decision {
      id: ID! customerId: ID! selectedContent: Item! alternativeOptions: [Item!]! confidenceScore: Float! propensity: Float!
      explorationUsed: Boolean! reasoning: String! level: String! latencyMs: Float!
    }
    type Query { personalize(customerId: ID!): Decision! personalizeMany(customerIds: [ID!]!): [Decision!]! }
  `);
  const fields = schema.getQueryType()?.getFields() ?? {};
  for (const [name, resolve] of Object.entries({
    personalize: (_: unknown, { customerId }: { customerId: string }) => decision(customerId),
    personalizeMany: (_: unknown, { customerIds }: { customerIds: string[] }) => customerIds.map(decision),
  })) {
    const field = fields[name];
    if (field !== undefined) field.resolve = resolve;
  }
  return schema;
}

interface GatewayRequest {
  readonly document: Parameters<typeof compileQuery>[1];
  readonly queryHash: string;
  readonly context: Record<string, unknown>;
  readonly request: { readonly variables?: Record<string, unknown> };
}

/** Apollo takes a compiled executor through its gateway alone. */
function gatewayOf(schema: GraphQLSchema): object {
  const compiled = new Map<string, CompiledQuery>();
  const executor = async ({ document, queryHash, request, context }: GatewayRequest): Promise<unknown> => {
    let query = compiled.get(queryHash);
    if (query === undefined) {
      const made = compileQuery(schema, document);
      if (!isCompiledQuery<CompiledQuery, never>(made as never)) return made;
      query = made as CompiledQuery;
      compiled.set(queryHash, query);
    }
    return query.query({}, context, request.variables ?? {});
  };
  let told: (schemas: object) => void = () => undefined;
  return {
    onSchemaLoadOrUpdate(callback: typeof told) {
      told = callback;
      return () => undefined;
    },
    async load() {
      told({ apiSchema: schema, coreSupergraphSdl: '' });
      return { executor };
    },
    stop: async () => undefined,
  };
}

const apollo = new ApolloServer({ gateway: gatewayOf(schemaOfConstants()) as never, plugins: [ApolloServerPluginCacheControlDisabled()] });
await apollo.start();
const fastify = Fastify();
fastify.post('/floor', async () => restAnswer);
fastify.post<{ Body: { customerIds: string[] } }>('/floor-many', async ({ body }) => body.customerIds.map(decision));
fastify.route({ url: '/graphql', method: ['POST'], handler: fastifyApolloHandler(apollo) });
const address = await fastify.listen({ port: 0, host: '127.0.0.1' });
answerQuestions(() => address);
