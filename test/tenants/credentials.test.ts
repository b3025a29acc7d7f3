import { createHmac, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import type { Principal } from '../../src/graphql/principal.js';
import { DependencyUnavailable, Unauthenticated } from '../../src/kernel/errors.js';
import { createPrisma } from '../../src/platform/postgres.js';
import type { ApiKeys, KeySecret } from '../../src/tenants/api-key.js';
import { Credentials } from '../../src/tenants/credentials.http.js';
import type { FirstKeys } from '../../src/tenants/tenant.js';
import { PostgresTenants } from '../../src/tenants/tenants.postgres.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const tenants = new PostgresTenants(createPrisma(pool));

/** The real keys, read through a door that can be shut, and that counts who comes through. */
class Door implements Pick<ApiKeys, 'secretOf' | 'signingKey'> {
  reads = 0;
  isShut = false;

  async secretOf(id: string): Promise<KeySecret | undefined> {
    this.reads += 1;
    if (this.isShut) throw new DependencyUnavailable('Shut');
    return tenants.secretOf(id);
  }

  signingKey(tenantId: string): Promise<KeySecret> {
    return tenants.signingKey(tenantId);
  }
}

let now = Date.parse('2026-03-01T12:00:00Z');
let tenantId: string;
let keys: FirstKeys;
let door: Door;
let credentials: Credentials;

beforeEach(async () => {
  tenantId = randomUUID();
  keys = await tenants.provision({ id: tenantId, name: 'A shop' });
  door = new Door();
  credentials = new Credentials(door, { now: () => now });
});

const who = (credential: string | undefined): Promise<Principal> => credentials.authenticate(credential);
const refused = async (credential: string | undefined): Promise<void> => {
  await expect(who(credential)).rejects.toThrow(Unauthenticated);
};
const signing = async (): Promise<{ id: string; secret: Uint8Array }> => {
  const { id, signingSecret } = await tenants.signingKey(tenantId);
  return { id, secret: signingSecret ?? new Uint8Array() };
};
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const exp = (): number => Math.floor(now / 1000) + 60;

describe('an API key', () => {
  it('lets in, to its tenant, in its role', async () => {
    expect(await who(keys.admin.credential ?? '')).toEqual({ tenantId, role: 'admin', keyId: keys.admin.key.id });
    expect(await who(keys.server.credential ?? '')).toEqual({ tenantId, role: 'server', keyId: keys.server.key.id });
  });

  it('is refused where it is missing, broken, or has another secret', async () => {
    const good = keys.admin.credential ?? '';
    const otherSecret = `${good.slice(0, 21)}${randomBytes(32).toString('base64url')}`;
    const otherId = `atk_${randomBytes(8).toString('hex')}${good.slice(20)}`;
    for (const bad of [undefined, '', 'x', 'atk_', good.slice(0, -1), `${good}a`, otherSecret, otherId, `atk_${keys.server.key.id}${good.slice(20)}`, 'x'.repeat(100_000)]) {
      await refused(bad);
    }
  });

  it('keeps no secret in the database', async () => {
    const secret = (keys.admin.credential ?? '').slice(21);
    const { rows } = await pool.query<{ row: string }>('SELECT k::text AS row FROM api_keys k WHERE tenant_id = $1', [tenantId]);
    expect(rows).toHaveLength(3);
    for (const { row } of rows) {
      expect(row).not.toContain(secret);
      expect(row).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
      expect(row).not.toContain(Buffer.from(secret).toString('hex'));
    }
  });

  it('works at most 3 seconds longer than its revocation, in a process that has not heard of it', async () => {
    const { key, credential } = await tenants.create(tenantId, 'k', { role: 'server', name: 'Second' });
    await who(credential ?? '');
    await tenants.revoke(tenantId, 'k', key.id);
    now += 3000;
    await refused(credential ?? '');
  });

  it('is looked up once for requests that come together, and not again at once', async () => {
    const good = keys.server.credential ?? '';
    await Promise.all(Array.from({ length: 20 }, () => who(good)));
    now += 2999;
    await who(good);
    expect(door.reads).toBe(1);
    now += 1;
    await who(good);
    expect(door.reads).toBe(2);
  });

  it('stays good while the store does not answer, if it was good before', async () => {
    const good = keys.server.credential ?? '';
    const before = await who(good);
    door.isShut = true;
    now += 60_000;
    expect(await who(good)).toEqual(before);
    await expect(who(keys.admin.credential ?? '')).rejects.toThrow(DependencyUnavailable);
    await tenants.revoke(tenantId, 'k', keys.server.key.id);
    door.isShut = false;
    now += 3000;
    await refused(good);
  });
});

describe('a browser token', () => {
  it('speaks for its customer until it expires', async () => {
    const { token, expiresAt } = await credentials.mint(tenantId, 'ada', 60);
    expect(expiresAt.getTime()).toBe(now + 60_000);
    expect(await who(token)).toEqual({ tenantId, role: 'browser', keyId: keys.browser.key.id, customerId: 'ada', expiresAtMs: now + 60_000 });
    now += 59_999;
    await who(token);
    now += 1;
    await refused(token);
  });

  it('expires on time also where the store does not answer', async () => {
    const { token } = await credentials.mint(tenantId, 'ada', 10);
    await who(token);
    door.isShut = true;
    now += 9999;
    await who(token);
    now += 1;
    await refused(token);
  });

  it('stops working with the key that signed it', async () => {
    const { token } = await credentials.mint(tenantId, 'ada', 60);
    await who(token);
    await tenants.revoke(tenantId, 'k', keys.browser.key.id);
    now += 3000;
    await refused(token);
  });

  it('goes on working when a newer browser key signs the next ones', async () => {
    const { token } = await credentials.mint(tenantId, 'ada', 60);
    const { key } = await tenants.create(tenantId, 'k', { role: 'browser', name: 'Next' });
    const { token: next } = await credentials.mint(tenantId, 'ada', 60);
    expect([(await who(token)).keyId, (await who(next)).keyId]).toEqual([keys.browser.key.id, key.id]);
  });

  it('is refused with another algorithm, whoever signs', async () => {
    const { id, secret } = await signing();
    const claims = { sub: 'ada', tid: tenantId, exp: exp() };
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const none = `${base64({ alg: 'none', kid: id })}.${base64(claims)}.`;
    await refused(none);
    await refused(`${none}${createHmac('sha256', secret).update(none.slice(0, -1)).digest('base64url')}`);
    for (const bits of [384, 512]) {
      const signed = `${base64({ alg: `HS${bits}`, kid: id })}.${base64(claims)}`;
      await refused(`${signed}.${createHmac(`sha${bits}`, secret).update(signed).digest('base64url')}`);
    }
    await refused(await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: id }).sign(privateKey));
    await who(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: id }).sign(secret));
  });

  it("is refused where another tenant's key signed it", async () => {
    const other = randomUUID();
    await tenants.provision({ id: other, name: 'Another shop' });
    const { id, signingSecret } = await tenants.signingKey(other);
    const forged = new SignJWT({ sub: 'ada', tid: tenantId, exp: exp() }).setProtectedHeader({ alg: 'HS256', kid: id });
    await refused(await forged.sign(signingSecret ?? new Uint8Array()));
  });

  it('is refused where it was changed, signed by guessing, or names a key that signs nothing', async () => {
    const { token } = await credentials.mint(tenantId, 'ada', 60);
    const [header, , signature] = token.split('.');
    await refused(`${header}.${base64({ sub: 'bob', tid: tenantId, exp: exp() })}.${signature}`);
    const claims = { sub: 'ada', tid: tenantId, exp: exp() };
    const sign = (kid: string | undefined): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...(kid !== undefined && { kid }) }).sign(randomBytes(32));
    for (const kid of [keys.browser.key.id, keys.admin.key.id, randomBytes(8).toString('hex'), 'x', undefined]) await refused(await sign(kid));
  });

  it.each<[string, Record<string, unknown>]>([
    ['no customer', { sub: undefined }],
    ['an empty customer', { sub: '' }],
    ['a customer that is no text', { sub: 7 }],
    ['no tenant', { tid: undefined }],
    ['no end', { exp: undefined }],
    ['an end that is past', { exp: 1 }],
    ['a start that is to come', { nbf: 4_000_000_000 }],
  ])('is refused with %s', async (_what, change) => {
    const { id, secret } = await signing();
    const claims = { sub: 'ada', tid: tenantId, exp: exp(), ...change };
    const header = base64({ alg: 'HS256', kid: id });
    const signed = `${header}.${base64(claims)}`;
    await refused(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`);
  });
});
