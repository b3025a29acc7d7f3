import type { Pool } from 'pg';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { Authenticate } from '../graphql/principal.js';
import { systemClock } from '../kernel/clock.js';
import type { Bus } from '../platform/bus.js';
import type { ApiKeys, MintBrowserToken } from './api-key.js';
import { ApiKeysResolver } from './api-keys.resolver.js';
import { PostgresAuditLog } from './audit-log.postgres.js';
import { Credentials } from './credentials.http.js';
import type { Definitions } from './definitions.js';
import { PostgresDefinitions } from './definitions.postgres.js';
import { PostgresTenants } from './tenants.postgres.js';
import type { Tenants } from './tenant.js';

export interface TenantsDeps {
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly bus: Pick<Bus, 'publish'>;
  /** Told where a committed change of the configuration could not be announced. */
  readonly onUnannounced: (error: unknown) => void;
}

export interface TenantsModule {
  readonly resolvers: readonly object[];
  readonly authenticate: Authenticate;
  readonly mintBrowserToken: MintBrowserToken;
  readonly tenants: Tenants;
  readonly keys: ApiKeys;
  readonly definitions: Definitions;
}

export function tenantsModule({ pool, prisma, bus, onUnannounced }: TenantsDeps): TenantsModule {
  const tenants = new PostgresTenants(prisma);
  const credentials = new Credentials(tenants, systemClock);
  return {
    resolvers: [new ApiKeysResolver({ keys: tenants, audit: new PostgresAuditLog(prisma), mint: credentials.mint })],
    authenticate: credentials.authenticate,
    mintBrowserToken: credentials.mint,
    tenants,
    keys: tenants,
    definitions: new PostgresDefinitions(pool, bus, onUnannounced),
  };
}
