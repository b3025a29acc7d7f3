import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { features } from '../features/feature.schema.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { bodyOf } from '../tenants/body.schema.js';
import { allLive, checkRoom, liveIds, put } from '../tenants/definition-kind.js';
import type { Definitions, LiveDefinitions } from '../tenants/definitions.js';
import { planPlacement, type PlacementSurroundings } from './check-placement.js';
import type { Item } from './item.js';
import { ItemType } from './item.type.js';
import type { Placement } from './placement.js';
import { PlacementInput } from './placement.input.js';
import { parsePlacement, placements } from './placement.schema.js';
import { PlacementType, UpsertPlacementPayload } from './placement.type.js';

export interface PlacementLoaders {
  readonly itemById: LoaderKey<string, Item | null>;
  readonly allPlacements: LoaderKey<'all', readonly Placement[]>;
}

@Resolver(() => PlacementType)
export class PlacementsResolver {
  readonly #definitions: Definitions;
  readonly #loaders: PlacementLoaders;

  constructor(definitions: Definitions, loaders: PlacementLoaders) {
    this.#definitions = definitions;
    this.#loaders = loaders;
  }

  @Query(() => [PlacementType], { description: 'Ordered by id.' })
  placements(@Ctx() { principal, loaders }: RequestContext): Promise<readonly Placement[]> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#loaders.allPlacements).load('all');
  }

  @FieldResolver(() => ItemType, { nullable: true, description: 'Shown where nothing else can be.' })
  async fallbackItem(@Root() { fallbackItemId }: Placement, @Ctx() { loaders }: RequestContext): Promise<Item | null> {
    return fallbackItemId === undefined ? null : loaders.get(this.#loaders.itemById).load(fallbackItemId);
  }

  @Mutation(() => UpsertPlacementPayload)
  async upsertPlacement(
    @Arg('input', () => PlacementInput) input: PlacementInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<UpsertPlacementPayload> {
    requireRole(principal, 'admin');
    const placement = parsePlacement(bodyOf(input));
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async live => {
      checkRoom(await liveIds('placement', live), placement.id);
      return planPlacement(placement, await around(placement, live)).map(it => put(placements, it.id, it));
    });
    return { placement, configurationVersion };
  }
}

async function around({ scorer, fallbackItemId }: Placement, live: LiveDefinitions): Promise<PlacementSurroundings> {
  return {
    placements: await allLive(placements, live),
    features: await allLive(features, live),
    modelIds: await liveIds('model', live, scorer.kind === 'model' ? [scorer.modelId] : []),
    itemIds: await liveIds('item', live, fallbackItemId === undefined ? [] : [fallbackItemId]),
  };
}
