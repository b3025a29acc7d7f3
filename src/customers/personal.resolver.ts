import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { KeyRotation, KeyRotations } from './keyring.js';
import { KeyRotationType, RevealAttributesInput, RevealAttributesPayload } from './personal.type.js';
import type { Reveal } from './sealed-attributes.js';

export interface PersonalResolverDeps {
  readonly personal: Reveal;
  readonly keyring: KeyRotations;
  readonly onFailure: (error: unknown) => void;
}

@Resolver()
export class PersonalResolver {
  readonly #deps: PersonalResolverDeps;
  readonly #rotating = new Map<string, Promise<void>>();

  constructor(deps: PersonalResolverDeps) {
    this.#deps = deps;
  }

  @Mutation(() => RevealAttributesPayload, { description: 'Shows what is masked elsewhere. Leaves an entry in the audit log.' })
  revealAttributes(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => RevealAttributesInput) { customerId }: RevealAttributesInput,
  ): Promise<RevealAttributesPayload> {
    requireRole(principal, 'admin');
    return this.#deps.personal.reveal({ tenantId: principal.tenantId, customerId }, principal.keyId);
  }

  @Query(() => KeyRotationType)
  keyRotation(@Ctx() { principal }: RequestContext): Promise<KeyRotation> {
    requireRole(principal, 'admin');
    return this.#deps.keyring.progress(principal.tenantId);
  }

  @Mutation(() => KeyRotationType, { description: 'Begins to wrap all keys by the newest master key, which is read anew where it comes from a file. `keyRotation` says how far it is.' })
  async rotateKeys(@Ctx() { principal }: RequestContext): Promise<KeyRotation> {
    requireRole(principal, 'admin');
    const { tenantId } = principal;
    const { keyring, onFailure } = this.#deps;
    if (!this.#rotating.has(tenantId)) {
      this.#rotating.set(tenantId, keyring.rotate(tenantId).catch(onFailure).finally(() => this.#rotating.delete(tenantId)));
    }
    return keyring.progress(tenantId);
  }
}
