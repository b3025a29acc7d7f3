import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { Conflict, NotFound } from '../kernel/errors.js';
import { bodyOf } from '../tenants/body.schema.js';
import { DeletePayload } from '../tenants/change-payload.type.js';
import { checkRoom, liveIds, oneLive, put, remove } from '../tenants/definition-kind.js';
import type { Definitions } from '../tenants/definitions.js';
import { kindsThatRead } from './blind-definitions.js';
import { checkBlindUse, checkRedeclaration, type AttributeDefinition } from './attribute.js';
import { attributes, parseAttribute } from './attribute.schema.js';
import { AttributeDefinitionInput, AttributeDefinitionType, DeleteAttributeInput, UpsertAttributePayload } from './attribute.type.js';

export interface AttributesResolverDeps {
  readonly definitions: Definitions;
  readonly all: LoaderKey<'all', readonly AttributeDefinition[]>;
  /** Encrypts what customers have of an attribute that has become personal. */
  readonly sealAll: (tenantId: string, name: string) => Promise<void>;
}

@Resolver(() => AttributeDefinitionType)
export class AttributesResolver {
  readonly #deps: AttributesResolverDeps;

  constructor(deps: AttributesResolverDeps) {
    this.#deps = deps;
  }

  @Query(() => [AttributeDefinitionType], { description: 'Those declared, ordered by name.' })
  attributeDefinitions(@Ctx() { principal, loaders }: RequestContext): Promise<readonly AttributeDefinition[]> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#deps.all).load('all');
  }

  @Mutation(() => UpsertAttributePayload, { description: 'What is declared personal has been encrypted for all customers when this answers. Cut off, it is made up for by asking again.' })
  async upsertAttribute(
    @Arg('input', () => AttributeDefinitionInput) input: AttributeDefinitionInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<UpsertAttributePayload> {
    requireRole(principal, 'admin');
    const attribute = parseAttribute(bodyOf(input));
    const { name } = attribute;
    const configurationVersion = await this.#deps.definitions.change(principal.tenantId, principal.keyId, async live => {
      checkRedeclaration(await oneLive(attributes, live, name), attribute);
      checkRoom(await liveIds('attribute', live), name);
      for (const kind of kindsThatRead) checkBlindUse(attribute, await live.all(kind));
      return [put(attributes, name, attribute)];
    });
    if (attribute.personal) await this.#deps.sealAll(principal.tenantId, name);
    return { attribute, configurationVersion };
  }

  @Mutation(() => DeletePayload, { description: 'Its values stay, as those of an attribute that was never declared. What is personal stays declared.' })
  async deleteAttribute(@Arg('input', () => DeleteAttributeInput) { name }: DeleteAttributeInput, @Ctx() { principal }: RequestContext): Promise<DeletePayload> {
    requireRole(principal, 'admin');
    const configurationVersion = await this.#deps.definitions.change(principal.tenantId, principal.keyId, async live => {
      const before = await oneLive(attributes, live, name);
      if (before === undefined) throw new NotFound('No such attribute is declared', { details: { path: '/name' } });
      if (before.personal) throw new Conflict('What is personal stays personal', { details: { path: '/name' } });
      return [remove(attributes, name)];
    });
    return { id: name, configurationVersion };
  }
}
