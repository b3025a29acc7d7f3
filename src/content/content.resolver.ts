import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { NotFound } from '../kernel/errors.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { bodyOf } from '../tenants/body.schema.js';
import { DeletePayload } from '../tenants/change-payload.type.js';
import { allLive, oneLive, put, remove } from '../tenants/definition-kind.js';
import type { Definitions } from '../tenants/definitions.js';
import { checkItemRemoval } from './check-placement.js';
import { ContentItemInput, DeleteContentInput } from './item.input.js';
import { items, parseItem } from './item.schema.js';
import type { Item } from './item.js';
import { ItemType, UpsertContentPayload } from './item.type.js';
import { placements } from './placement.schema.js';

@Resolver(() => ItemType)
export class ContentResolver {
  readonly #definitions: Definitions;
  readonly #byId: LoaderKey<string, Item | null>;

  constructor(definitions: Definitions, byId: LoaderKey<string, Item | null>) {
    this.#definitions = definitions;
    this.#byId = byId;
  }

  @Query(() => ItemType, { nullable: true, description: 'Null where there is none of this id.' })
  content(@Arg('id', () => ID) id: string, @Ctx() { principal, loaders }: RequestContext): Promise<Item | null> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#byId).load(id);
  }

  @Mutation(() => UpsertContentPayload)
  async upsertContent(
    @Arg('input', () => ContentItemInput) input: ContentItemInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<UpsertContentPayload> {
    requireRole(principal, 'admin');
    const item = parseItem(bodyOf(input));
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, [put(items, item.id, item)]);
    return { item, configurationVersion };
  }

  @Mutation(() => DeletePayload, { description: 'Refused while a placement falls back on the item.' })
  async deleteContent(
    @Arg('input', () => DeleteContentInput) { id }: DeleteContentInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<DeletePayload> {
    requireRole(principal, 'admin');
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async live => {
      if ((await oneLive(items, live, id)) === undefined) throw new NotFound('There is no such item', { details: { path: '/id' } });
      checkItemRemoval(id, await allLive(placements, live));
      return [remove(items, id)];
    });
    return { id, configurationVersion };
  }
}
