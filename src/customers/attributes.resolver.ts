import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { Conflict, NotFound } from '../kernel/errors.js';
import { bodyOf } from '../tenants/body.schema.js';
import { DeletePayload } from '../tenants/change-payload.type.js';
import { checkRoom, liveIds, oneLive, put, remove } from '../tenants/definition-kind.js';
import type { Definitions } from '../tenants/definitions.js';
import { checkRedeclaration, type AttributeDefinition } from './attribute.js';
import { attributes, parseAttribute } from './attribute.schema.js';
import { AttributeDefinitionInput, AttributeDefinitionType, DeleteAttributeInput, UpsertAttributePayload } from './attribute.type.js';

@Resolver(() => AttributeDefinitionType)
export class AttributesResolver {
  readonly #definitions: Definitions;
  readonly #all: LoaderKey<'all', readonly AttributeDefinition[]>;

  constructor(definitions: Definitions, all: LoaderKey<'all', readonly AttributeDefinition[]>) {
    this.#definitions = definitions;
    this.#all = all;
  }

  @Query(() => [AttributeDefinitionType], { description: 'Those declared, ordered by name.' })
  attributeDefinitions(@Ctx() { principal, loaders }: RequestContext): Promise<readonly AttributeDefinition[]> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#all).load('all');
  }

  @Mutation(() => UpsertAttributePayload)
  async upsertAttribute(
    @Arg('input', () => AttributeDefinitionInput) input: AttributeDefinitionInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<UpsertAttributePayload> {
    requireRole(principal, 'admin');
    const attribute = parseAttribute(bodyOf(input));
    const { name } = attribute;
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async live => {
      checkRedeclaration(await oneLive(attributes, live, name), attribute);
      checkRoom(await liveIds('attribute', live), name);
      return [put(attributes, name, attribute)];
    });
    return { attribute, configurationVersion };
  }

  @Mutation(() => DeletePayload, { description: 'Its values stay, as those of an attribute that was never declared. What is personal stays declared.' })
  async deleteAttribute(@Arg('input', () => DeleteAttributeInput) { name }: DeleteAttributeInput, @Ctx() { principal }: RequestContext): Promise<DeletePayload> {
    requireRole(principal, 'admin');
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async live => {
      const before = await oneLive(attributes, live, name);
      if (before === undefined) throw new NotFound('No such attribute is declared', { details: { path: '/name' } });
      if (before.personal) throw new Conflict('What is personal stays personal', { details: { path: '/name' } });
      return [remove(attributes, name)];
    });
    return { id: name, configurationVersion };
  }
}
