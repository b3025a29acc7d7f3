import { randomUUID } from 'node:crypto';
import { graphql, type GraphQLSchema } from 'graphql';
import type { Pool } from 'pg';
import { contentModule } from '../../src/content/content.module.js';
import { experimentsModule } from '../../src/experiments/experiments.module.js';
import { featureDefinitionsModule } from '../../src/features/feature-definitions.module.js';
import type { Principal, Role } from '../../src/graphql/principal.js';
import { newRequestContext } from '../../src/graphql/request-context.js';
import { AppError } from '../../src/kernel/errors.js';
import type { InspectedModel } from '../../src/models/check-model.js';
import { modelArtifacts, modelsModule } from '../../src/models/models.module.js';
import { MemoryBus } from '../../src/platform/bus.memory.js';
import { createPrisma } from '../../src/platform/postgres.js';
import { rulesModule } from '../../src/rules/rules.module.js';
import { schemaOf } from '../../src/schema.js';
import { segmentDefinitionsModule } from '../../src/segments/segment-definitions.module.js';
import { tenantsModule, type TenantsModule } from '../../src/tenants/tenants.module.js';

export type Refusal = readonly [code: string, path: unknown];

export interface Reply {
  /** What a client reads, untyped. */
  readonly data: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  readonly refusals: readonly Refusal[];
  readonly errors: readonly AppError[];
}

/** The configuration's whole API on a real database, as one of a tenant's keys sees it. */
export class Api {
  readonly pool: Pool;
  readonly tenants: TenantsModule;
  /** What the next artifact that is inspected turns out to be. */
  inspected: InspectedModel = { inputWidth: 1, outputs: ['click'] };
  readonly #schema: Promise<GraphQLSchema>;

  constructor(pool: Pool) {
    const fail = (error: unknown): void => {
      throw error;
    };
    this.pool = pool;
    this.tenants = tenantsModule({ pool, prisma: createPrisma(pool), bus: new MemoryBus(fail), onUnannounced: fail });
    this.#schema = this.#build();
  }

  #build(): Promise<GraphQLSchema> {
    const { definitions } = this.tenants;
    const content = contentModule({ definitions });
    const inspect = async (): Promise<InspectedModel> => this.inspected;
    return schemaOf([
      ...this.tenants.resolvers,
      ...content.resolvers,
      ...featureDefinitionsModule({ definitions }).resolvers,
      ...segmentDefinitionsModule({ definitions }).resolvers,
      ...rulesModule({ definitions }).resolvers,
      ...experimentsModule({ definitions, placementById: content.placementById }).resolvers,
      ...modelsModule({ definitions, artifacts: modelArtifacts(this.pool), inspect }).resolvers,
    ]);
  }

  async newTenant(): Promise<string> {
    const id = randomUUID();
    await this.tenants.tenants.provision({ id, name: 'A shop' });
    return id;
  }

  async ask(tenantId: string, source: string, variables: Readonly<Record<string, unknown>> = {}, role: Role = 'admin'): Promise<Reply> {
    const principal: Principal = { tenantId, role, keyId: 'test-key', ...(role === 'browser' && { customerId: 'ada' }) };
    const { data, errors = [] } = await graphql({
      schema: await this.#schema, source, variableValues: variables, contextValue: newRequestContext(principal),
    });
    const raised = errors.map(error => {
      if (error.originalError instanceof AppError) return error.originalError;
      throw error;
    });
    return { data: JSON.parse(JSON.stringify(data ?? null)), refusals: raised.map(it => [it.code, it.details['path']]), errors: raised };
  }

  /** Runs `mutation(input)` and selects `fields` of its payload. */
  async change(tenantId: string, mutation: string, input: object, fields = 'configurationVersion'): Promise<Reply> {
    const type = inputTypes[mutation] ?? `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
    return this.ask(tenantId, `mutation($input: ${type}!) { it: ${mutation}(input: $input) { ${fields} } }`, { input });
  }

  /** As `change`, where nothing may be refused. */
  async set(tenantId: string, mutation: string, input: object): Promise<void> {
    const { errors } = await this.change(tenantId, mutation, input);
    if (errors[0]) throw errors[0];
  }

  async version(tenantId: string): Promise<number> {
    return (await this.tenants.definitions.read(tenantId)).version;
  }
}

const inputTypes: Readonly<Record<string, string>> = {
  upsertContent: 'ContentItemInput',
  upsertPlacement: 'PlacementInput',
  upsertFeatureDefinition: 'FeatureDefinitionInput',
  createSegment: 'SegmentInput',
  updateSegment: 'SegmentInput',
  saveRuleSet: 'RuleSetInput',
  saveExperiment: 'ExperimentInput',
};

export const shoe = { id: 'shoe', type: 'product', title: 'A shoe', category: 'shoes' };
export const home = {
  id: 'home', name: 'Home', isDefault: true, scorer: { kind: 'priority' }, policy: { kind: 'epsilonGreedy', epsilon: 0.1 },
};
export const score = { name: 'score', valueType: 'number', ttlMs: 3_600_000 };
