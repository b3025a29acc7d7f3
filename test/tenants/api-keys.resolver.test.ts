import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Conflict } from '../../src/kernel/errors.js';
import type { FirstKeys } from '../../src/tenants/tenant.js';
import { testDatabase } from '../support/postgres.js';
import { Api, shoe } from './api.js';

const api = new Api((await testDatabase()).pool);
let tenant: string;
let first: FirstKeys;
beforeEach(async () => {
  tenant = randomUUID();
  first = await api.tenants.tenants.provision({ id: tenant, name: 'A shop' });
});

describe('a new tenant', () => {
  it('has a key of each role, and is listed', async () => {
    const { data } = await api.ask(tenant, '{ apiKeys { id role name revokedAt } }');
    expect(data.apiKeys).toHaveLength(3);
    for (const role of ['admin', 'server', 'browser'] as const) {
      expect(data.apiKeys).toContainEqual({ id: first[role].key.id, role, name: `First ${role} key`, revokedAt: null });
    }
    expect([typeof first.admin.credential, typeof first.server.credential, first.browser.credential]).toEqual(['string', 'string', null]);
    expect(await api.tenants.tenants.list()).toContainEqual({ id: tenant, name: 'A shop' });
  });

  it('is made once, and leaves the first as it is', async () => {
    await expect(api.tenants.tenants.provision({ id: tenant, name: 'Again' })).rejects.toThrow(Conflict);
    expect((await api.ask(tenant, '{ apiKeys { id } }')).data.apiKeys).toHaveLength(3);
    expect(await api.tenants.tenants.list()).toContainEqual({ id: tenant, name: 'A shop' });
  });
});

describe('API keys', () => {
  it('let in once they are made, and are told by their name', async () => {
    const { data } = await api.change(tenant, 'createApiKey', { role: 'server', name: 'Shop backend' }, 'credential key { id role name revokedAt }');
    const { credential, key } = data.it;
    expect(key).toMatchObject({ role: 'server', name: 'Shop backend', revokedAt: null });
    expect(await api.tenants.authenticate(String(credential))).toEqual({ tenantId: tenant, role: 'server', keyId: key.id });
    expect((await api.ask(tenant, '{ apiKeys { name } }')).data.apiKeys[0]).toEqual({ name: 'Shop backend' });
  });

  it('are revoked once and for all', async () => {
    const revoke = async (): Promise<string> =>
      String((await api.change(tenant, 'revokeApiKey', { id: first.server.key.id }, 'key { revokedAt }')).data.it.key.revokedAt);
    const at = await revoke();
    expect(Date.parse(at)).not.toBeNaN();
    expect(await revoke()).toBe(at);
  });

  it('always leave one admin key, also where the last two are revoked at once', async () => {
    for (let round = 0; round < 8; round++) {
      const at = randomUUID();
      const { admin } = await api.tenants.tenants.provision({ id: at, name: 'A shop' });
      const { data } = await api.change(at, 'createApiKey', { role: 'admin', name: 'Second' }, 'key { id }');
      const ids: readonly string[] = [admin.key.id, String(data.it.key.id)];
      const replies = await Promise.all(ids.map(id => api.change(at, 'revokeApiKey', { id }, 'key { id }')));
      expect(replies.flatMap(it => it.refusals)).toEqual([['CONFLICT', undefined]]);
    }
  });

  it("are out of other tenants' reach", async () => {
    const other = await api.newTenant();
    for (const id of [first.server.key.id, 'none', 'a\u0000']) {
      expect((await api.change(other, 'revokeApiKey', { id }, 'key { id }')).refusals).toEqual([['NOT_FOUND', '/id']]);
    }
    expect(JSON.stringify((await api.ask(other, '{ apiKeys { id } }')).data)).not.toContain(first.server.key.id);
    await api.tenants.authenticate(first.server.credential ?? '');
  });

  it('are for admins only', async () => {
    for (const role of ['server', 'browser'] as const) {
      for (const source of [
        '{ apiKeys { id } }',
        '{ auditLog { edges { cursor } } }',
        'mutation { createApiKey(input: { role: admin, name: "Mine" }) { credential } }',
        `mutation { revokeApiKey(input: { id: "${first.admin.key.id}" }) { key { id } } }`,
      ]) {
        expect((await api.ask(tenant, source, {}, role)).refusals).toEqual([['FORBIDDEN', undefined]]);
      }
    }
    expect((await api.ask(tenant, '{ apiKeys { revokedAt } }')).data.apiKeys).toEqual([{ revokedAt: null }, { revokedAt: null }, { revokedAt: null }]);
  });

  it('have a name', async () => {
    expect((await api.change(tenant, 'createApiKey', { role: 'server', name: '' }, 'credential')).refusals).toEqual([['INVALID_INPUT', '/name']]);
  });
});

describe('browser tokens', () => {
  it('are made for servers, and speak for their customer', async () => {
    const before = Date.now();
    const { data } = await api.ask(tenant, 'mutation { createBrowserToken(input: { customerId: "ada", ttlSeconds: 60 }) { token expiresAt } }', {}, 'server');
    const expiresAtMs = Date.parse(String(data.createBrowserToken.expiresAt));
    expect(await api.tenants.authenticate(String(data.createBrowserToken.token))).toEqual({
      tenantId: tenant, role: 'browser', keyId: first.browser.key.id, customerId: 'ada', expiresAtMs,
    });
    expect(expiresAtMs).toBeGreaterThan(before + 58_000);
    expect(expiresAtMs).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it.each<[string, object, string]>([
    ['no time', { ttlSeconds: 0 }, '/ttlSeconds'],
    ['more than 30 days', { ttlSeconds: 30 * 86_400 + 1 }, '/ttlSeconds'],
    ['nobody', { customerId: '' }, '/customerId'],
  ])('are refused for %s', async (_what, part, path) => {
    expect((await api.change(tenant, 'createBrowserToken', { customerId: 'ada', ...part }, 'token')).refusals).toEqual([['INVALID_INPUT', path]]);
  });

  it('are not made by browsers, nor without a key that signs', async () => {
    const mint = 'mutation { createBrowserToken(input: { customerId: "ada" }) { token } }';
    expect((await api.ask(tenant, mint, {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    await api.change(tenant, 'revokeApiKey', { id: first.browser.key.id }, 'key { id }');
    expect((await api.ask(tenant, mint, {}, 'server')).refusals).toEqual([['CONFLICT', undefined]]);
  });
});

describe('the audit log', () => {
  it('tells who changed what, newest first, by pages', async () => {
    await api.set(tenant, 'upsertContent', shoe);
    await api.change(tenant, 'deleteContent', { id: 'shoe' });
    const { data } = await api.change(tenant, 'createApiKey', { role: 'server', name: 'Second' }, 'key { id }');
    await api.change(tenant, 'revokeApiKey', { id: data.it.key.id }, 'key { id }');
    const query = `query($after: Cursor) {
      auditLog(first: 3, after: $after) { edges { node { actor action subject details } } pageInfo { hasNextPage endCursor } }
    }`;
    const one = (await api.ask(tenant, query, { after: null })).data.auditLog;
    expect(one.edges).toEqual([
      { node: { actor: 'test-key', action: 'revoke', subject: `apiKey/${data.it.key.id}`, details: {} } },
      { node: { actor: 'test-key', action: 'create', subject: `apiKey/${data.it.key.id}`, details: { role: 'server' } } },
      { node: { actor: 'test-key', action: 'remove', subject: 'item/shoe', details: { version: 2 } } },
    ]);
    const two = (await api.ask(tenant, query, { after: one.pageInfo.endCursor })).data.auditLog;
    expect(two.edges[0]).toEqual({ node: { actor: 'test-key', action: 'create', subject: 'item/shoe', details: { version: 1 } } });
    const three = (await api.ask(tenant, query, { after: two.pageInfo.endCursor })).data.auditLog;
    const sizes = [one, two, three].map((it): unknown => [it.edges.length, it.pageInfo.hasNextPage]);
    expect(sizes).toEqual([[3, true], [3, true], [1, false]]);
  });

  it("does not show another tenant's", async () => {
    await api.set(tenant, 'upsertContent', shoe);
    const { data } = await api.ask(await api.newTenant(), '{ auditLog { edges { node { subject } } } }');
    expect(JSON.stringify(data)).not.toContain('item/shoe');
  });
});
