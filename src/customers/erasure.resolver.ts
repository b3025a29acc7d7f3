import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Clock } from '../kernel/clock.js';
import { bodyOf } from '../tenants/body.schema.js';
import type { Erased, Erasure, Verification } from './erasure.js';
import { parseCustomerId } from './customer.schema.js';
import {
  EraseCustomerInput, EraseCustomerPayload, ErasureVerificationType, ExportCustomerInput, ExportCustomerPayload, VerifyErasureArgs,
} from './erasure.type.js';

export interface ErasureResolverDeps {
  readonly erasure: Erasure;
  /** Tells who follows the customer. */
  readonly erased: (tenantId: string, erased: Erased) => Promise<void>;
  readonly clock: Clock;
}

@Resolver()
export class ErasureResolver {
  readonly #deps: ErasureResolverDeps;

  constructor(deps: ErasureResolverDeps) {
    this.#deps = deps;
  }

  @Mutation(() => EraseCustomerPayload, { description: 'Removes all that is held of a customer, for good: nothing is taken about any of their ids any more. Asked again, it answers with the same receipt.' })
  async eraseCustomer(@Ctx() { principal }: RequestContext, @Arg('input', () => EraseCustomerInput) input: EraseCustomerInput): Promise<EraseCustomerPayload> {
    requireRole(principal, 'admin');
    const { erasure, erased, clock } = this.#deps;
    const done = await erasure.erase(principal.tenantId, parseCustomerId(bodyOf(input)), { actor: principal.keyId, now: clock.now() });
    await erased(principal.tenantId, done);
    return { receipt: done.receipt };
  }

  @Query(() => ErasureVerificationType)
  verifyErasure(@Ctx() { principal }: RequestContext, @Args(() => VerifyErasureArgs) { id, mac, customerId }: VerifyErasureArgs): Promise<Verification> {
    requireRole(principal, 'admin');
    return this.#deps.erasure.verify(principal.tenantId, { id, mac, customerId: customerId ?? undefined });
  }

  @Mutation(() => ExportCustomerPayload, { description: 'All that is held of a customer, what is personal in the clear. Leaves an entry in the audit log.' })
  async exportCustomer(@Ctx() { principal }: RequestContext, @Arg('input', () => ExportCustomerInput) input: ExportCustomerInput): Promise<ExportCustomerPayload> {
    requireRole(principal, 'admin');
    return { data: await this.#deps.erasure.exportOf(principal.tenantId, parseCustomerId(bodyOf(input)), principal.keyId) };
  }
}
