import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { connectionOf, PageArgs, pageRequest, type Connection } from '../graphql/pagination.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { ApiKey, ApiKeys, BrowserToken, MintBrowserToken, NewKey } from './api-key.js';
import { CreateApiKeyInput, CreateBrowserTokenInput, RevokeApiKeyInput } from './api-key.input.js';
import { parseNewKey, parseTokenRequest } from './api-key.schema.js';
import { ApiKeyType, AuditEntryConnection, BrowserTokenType, CreateApiKeyPayload, RevokeApiKeyPayload } from './api-key.type.js';
import type { AuditEntry, AuditLog } from './audit.js';
import { bodyOf } from './body.schema.js';

export interface ApiKeysResolverDeps {
  readonly keys: ApiKeys;
  readonly audit: AuditLog;
  readonly mint: MintBrowserToken;
}

@Resolver(() => ApiKeyType)
export class ApiKeysResolver {
  readonly #deps: ApiKeysResolverDeps;

  constructor(deps: ApiKeysResolverDeps) {
    this.#deps = deps;
  }

  @Query(() => [ApiKeyType], { description: 'Newest first, at most 1000; the revoked ones too.' })
  apiKeys(@Ctx() { principal }: RequestContext): Promise<readonly ApiKey[]> {
    requireRole(principal, 'admin');
    return this.#deps.keys.keysOf(principal.tenantId);
  }

  @Query(() => AuditEntryConnection, { description: 'Newest first.' })
  async auditLog(@Args(() => PageArgs) args: PageArgs, @Ctx() { principal }: RequestContext): Promise<Connection<AuditEntry>> {
    requireRole(principal, 'admin');
    const page = pageRequest(args);
    const before = page.after === undefined ? undefined : Number(page.after[0]);
    const entries = await this.#deps.audit.list(principal.tenantId, { first: page.first + 1, before });
    return connectionOf(entries, page, ({ id }) => [id]);
  }

  @Mutation(() => CreateApiKeyPayload)
  createApiKey(@Arg('input', () => CreateApiKeyInput) input: CreateApiKeyInput, @Ctx() { principal }: RequestContext): Promise<NewKey> {
    requireRole(principal, 'admin');
    return this.#deps.keys.create(principal.tenantId, principal.keyId, parseNewKey(bodyOf(input)));
  }

  @Mutation(() => RevokeApiKeyPayload, { description: 'It stops working within some seconds everywhere; the tokens of a browser key with it.' })
  async revokeApiKey(
    @Arg('input', () => RevokeApiKeyInput) { id }: RevokeApiKeyInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<RevokeApiKeyPayload> {
    requireRole(principal, 'admin');
    return { key: await this.#deps.keys.revoke(principal.tenantId, principal.keyId, id) };
  }

  @Mutation(() => BrowserTokenType, { description: 'A token by which a browser asks for decisions and reports outcomes of one customer.' })
  createBrowserToken(
    @Arg('input', () => CreateBrowserTokenInput) input: CreateBrowserTokenInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<BrowserToken> {
    requireRole(principal, 'server', 'admin');
    const { customerId, ttlSeconds } = parseTokenRequest(bodyOf(input));
    return this.#deps.mint(principal.tenantId, customerId, ttlSeconds);
  }
}
