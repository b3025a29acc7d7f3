import type { Pool } from 'pg';
import { MasterKeys, type MasterKeySource } from '../platform/master-keys.js';
import type { HashIds } from '../platform/tombstones.js';
import type { Definitions } from '../tenants/definitions.js';
import { BlindDefinitions } from './blind-definitions.js';
import { holding, type HoldCustomers } from './held-customers.postgres.js';
import { isBlindIndex } from './keyring.js';
import { PostgresKeyring } from './keyring.postgres.js';
import type { Scalar } from './online-record.js';

/** Makes what a condition compares with, of the tenant's attributes of which these are personal. */
export type BlindsOf = (tenantId: string, personal: ReadonlySet<string>) => Promise<(name: string, value: Scalar) => Scalar>;

export interface KeysModule {
  readonly master: MasterKeys;
  readonly keyring: PostgresKeyring;
  readonly hold: HoldCustomers;
  readonly blindsOf: BlindsOf;
  /** The definitions, as they may be kept. */
  readonly blinded: (definitions: Definitions) => Definitions;
  readonly hashing: HashIds;
}

/** Apart from the module of customers: everything that takes in or compares what is theirs needs it. */
export function keysModule({ pool, config }: { readonly pool: Pool; readonly config: MasterKeySource }): KeysModule {
  const master = new MasterKeys(config);
  const keyring = new PostgresKeyring(pool, master);
  return {
    master,
    keyring,
    hold: holding((tenantId, client) => keyring.tenant(tenantId, client)),
    hashing: async tenantId => (await keyring.tenant(tenantId)).hashOf,
    blinded: definitions => new BlindDefinitions(definitions, tenantId => keyring.tenant(tenantId)),
    async blindsOf(tenantId, personal) {
      if (personal.size === 0) return (_name, value) => value;
      const { blind } = await keyring.tenant(tenantId);
      return (name, value) => (personal.has(name) && !isBlindIndex(value) ? blind(name, value) : value);
    },
  };
}
