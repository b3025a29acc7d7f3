import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PostgresKeyring } from '../../src/customers/keyring.postgres.js';
import { PersonalAttributes } from '../../src/customers/personal-attributes.postgres.js';
import { models } from '../../src/models/model.schema.js';
import { MasterKeys } from '../../src/platform/master-keys.js';
import type { RuleSet } from '../../src/rules/rule-set.js';
import { ruleSets } from '../../src/rules/rule-set.schema.js';
import { put } from '../../src/tenants/definition-kind.js';
import { testDatabase } from '../support/postgres.js';
import { dynamic, Shop } from './shop.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(() => shop.projection.stop());

const declare = (name: string, valueType = 'string') =>
  shop.ask(tenant, 'mutation($input: AttributeDefinitionInput!) { upsertAttribute(input: $input) { configurationVersion } }', { input: { name, valueType, personal: true } }, 'admin');
const reveal = (id: string, role: 'admin' | 'server' = 'admin') =>
  shop.ask(tenant, `mutation { revealAttributes(input: { customerId: "${id}" }) { customerId attributes } }`, {}, role);
const shown = async (id: string): Promise<unknown> => (await shop.ask(tenant, `{ customer(id: "${id}") { attributes } }`)).data.customer.attributes;
/** Everything that the database holds of customers and their keys, as text. */
const dump = async (): Promise<string> => {
  const { rows } = await pool.query('SELECT to_jsonb(c) AS it FROM customers c UNION ALL SELECT to_jsonb(k) FROM customer_keys k UNION ALL SELECT to_jsonb(t) FROM tenant_keys t UNION ALL SELECT to_jsonb(a) FROM audit_log a');
  return JSON.stringify(rows);
};

describe('a personal attribute', () => {
  it('is nowhere in the clear, masked in answers, and shown to who may reveal it, with an audit entry', async () => {
    await declare('email');
    await declare('phones', 'strings');
    expect((await shop.upsert(tenant, 'ada', { email: 'ada@planted.example', phones: ['0731-planted'], city: 'Ulm' })).data.upsertCustomer.customer.attributes)
      .toEqual({ email: '***', phones: '***', city: 'Ulm' });
    expect(await shown('ada')).toEqual({ email: '***', phones: '***', city: 'Ulm' });
    expect(JSON.stringify([await shop.online(tenant, 'ada'), await shop.truth(tenant, 'ada')])).not.toContain('planted');
    expect(await dump()).not.toContain('planted');
    expect((await reveal('ada', 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await reveal('ada')).data.revealAttributes).toEqual({ customerId: 'ada', attributes: { email: 'ada@planted.example', phones: ['0731-planted'], city: 'Ulm' } });
    expect((await reveal('nobody')).refusals).toEqual([['NOT_FOUND', '/customerId']]);
    const { rows } = await pool.query('SELECT actor, action, subject, details FROM audit_log WHERE tenant_id = $1 AND action = $2', [tenant, 'reveal']);
    expect(rows).toEqual([{ actor: 'key', action: 'reveal', subject: 'customer/ada', details: { attributes: ['email', 'phones'] } }]);
  });

  it('can be changed and removed, and tells nobody where it is the same', async () => {
    await declare('email');
    await shop.upsert(tenant, 'ada', { email: 'a@x.example' });
    const heard = await shop.listen(tenant, 'ada');
    await shop.upsert(tenant, 'ada', { email: 'a@x.example' });
    expect(heard).toEqual([]);
    await shop.upsert(tenant, 'ada', { email: 'b@x.example' });
    expect((await reveal('ada')).data.revealAttributes.attributes).toEqual({ email: 'b@x.example' });
    await shop.upsert(tenant, 'ada', { email: null });
    expect((await reveal('ada')).data.revealAttributes.attributes).toEqual({});
    expect(heard).toHaveLength(2);
  });

  it('is compared for equality by its blind index, and for nothing else', async () => {
    await declare('email');
    await declare('age', 'number');
    await shop.upsert(tenant, 'ada', { email: 'ada@x.example', age: 36 });
    await shop.upsert(tenant, 'bob', { email: 'bob@x.example' });
    const create = (id: string, attribute: object): Promise<unknown> =>
      shop.ask(tenant, 'mutation($input: SegmentInput!) { createSegment(input: $input) { configurationVersion } }', { input: { id, name: id, condition: { attribute } } }, 'admin')
        .then(it => it.refusals);
    expect(await create('exactly', { name: 'email', operator: 'equals', value: 'ada@x.example' })).toEqual([]);
    expect(await create('either', { name: 'email', operator: 'in', value: ['zoe@x.example', 'bob@x.example'] })).toEqual([]);
    expect(await create('not', { name: 'email', operator: 'notEquals', value: 'ada@x.example' })).toEqual([]);
    expect(await create('has', { name: 'age', operator: 'exists' })).toEqual([]);
    expect(await create('same', { name: 'age', operator: 'in', value: [35, 36] })).toEqual([]);
    expect(await create('part', { name: 'email', operator: 'contains', value: 'ada' })).toEqual([['INVALID_INPUT', '/condition/attribute/operator']]);
    expect(await create('old', { name: 'age', operator: 'greaterThan', value: 30 })).toEqual([['INVALID_INPUT', '/condition/attribute/operator']]);
    await shop.projection.sweep();
    expect((await shop.truth(tenant, 'ada'))?.segments).toEqual(['exactly', 'has', 'same']);
    expect((await shop.truth(tenant, 'bob'))?.segments).toEqual(['either', 'not']);
    const preview = '{ previewSegment(condition: { attribute: { name: "email", operator: equals, value: "bob@x.example" } }) { sample { id } } }';
    expect((await shop.ask(tenant, preview)).data.previewSegment.sample).toEqual([{ id: 'bob' }]);
  });

  it('is named in conditions by its blind index, which is all that is kept of what it is compared with', async () => {
    await declare('email');
    await declare('age', 'number');
    for (const [id, age] of [['ada', 360_036], ['bob', 370_037]] as const) await shop.upsert(tenant, id, { email: `${id}@planted.example`, age, city: 'Ulm' });
    const save = async (what: 'create' | 'update', condition: object): Promise<number> => {
      const { data, refusals } = await shop.ask(tenant, `mutation($input: SegmentInput!) { it: ${what}Segment(input: $input) { configurationVersion } }`, { input: { id: 'them', name: 'Them', condition } }, 'admin');
      expect(refusals).toEqual([]);
      return data.it.configurationVersion as number;
    };
    const kept = async (): Promise<object> => (await shop.ask(tenant, '{ segment(id: "them") { condition } }')).data.segment.condition as object;
    const members = async (): Promise<unknown> => (await pool.query('SELECT array_agg(customer_id ORDER BY customer_id) AS ids FROM segment_members WHERE tenant_id = $1', [tenant])).rows[0]?.ids;
    const is = (name: string, operator: string, value?: unknown): object => ({ attribute: { name, operator, ...(value !== undefined && { value }) } });
    const either = { or: [is('email', 'equals', 'ada@planted.example'), { and: [is('age', 'in', [1, 370_037]), is('city', 'equals', 'Ulm'), { not: is('email', 'notEquals', 'bob@planted.example') }, is('email', 'exists')] }] };
    const version = await save('create', either);
    await shop.projection.sweep();
    expect(await members()).toEqual(['ada', 'bob']);
    const blind: unknown = expect.stringMatching(/^~[\w-]{27}$/);
    expect(await kept()).toEqual({ or: [is('email', 'equals', blind), { and: [is('age', 'in', [blind, blind]), is('city', 'equals', 'Ulm'), { not: is('email', 'notEquals', blind) }, is('email', 'exists')] }] });
    expect(await save('update', await kept())).toBe(version); // as it was read, it is the same
    expect(await save('update', either)).toBe(version);
    await save('update', is('age', 'notEquals', 360_036));
    await save('update', await kept());
    await shop.projection.sweep();
    expect(await members()).toEqual(['bob']);
    const { rows } = await pool.query<{ it: string }>("SELECT string_agg(d::text, ' ') AS it FROM definitions d WHERE tenant_id = $1", [tenant]);
    expect(rows[0]?.it).not.toMatch(/planted|360036|370037/);
    expect(await dump()).not.toContain('planted');
  });

  it('is named so in what there is when it becomes personal, from that version on', async () => {
    const when = { attribute: { name: 'email', operator: 'equals', value: 'ada@planted.example' } } as const;
    const rules: RuleSet = { id: 'main', name: 'Main', rules: [{ id: 'r', effect: 'exclude', reason: 'r', when, items: { item: { name: 'id', operator: 'equals', value: 'boots' } } }] };
    await shop.define(tenant, { segments: [dynamic('ada', when)] });
    await shop.definitions.change(tenant, 'test', [put(ruleSets, 'main', rules)]);
    await shop.upsert(tenant, 'ada', { email: 'ada@planted.example' });
    await declare('email');
    const live = await shop.definitions.read(tenant);
    expect(JSON.stringify(live.definitions)).not.toContain('planted');
    expect(live.definitions.map(it => [it.kind, it.since])).toEqual(expect.arrayContaining([['segment', live.version], ['ruleSet', live.version], ['attribute', live.version]]));
    await shop.projection.sweep();
    expect((await shop.truth(tenant, 'ada'))?.segments).toEqual(['ada']);
  });

  it('encrypts what customers have when it is declared, and their segments stay', async () => {
    await shop.define(tenant, { segments: [dynamic('ada', { attribute: { name: 'email', operator: 'equals', value: 'ada@planted.example' } })] });
    for (let i = 0; i < 3; i++) await shop.upsert(tenant, `c${i}`, { email: `c${i}@planted.example` });
    await shop.upsert(tenant, 'ada', { email: 'ada@planted.example' });
    await declare('email');
    const { rows } = await pool.query('SELECT to_jsonb(c) AS it FROM customers c WHERE tenant_id = $1', [tenant]);
    expect(JSON.stringify(rows)).not.toContain('planted');
    expect(JSON.stringify(await shop.online(tenant, 'c1'))).not.toContain('planted');
    expect((await reveal('c2')).data.revealAttributes.attributes).toEqual({ email: 'c2@planted.example' });
    await shop.projection.sweep();
    expect((await shop.truth(tenant, 'ada'))?.segments).toEqual(['ada']);
  });

  it('cannot be declared where something compares it otherwise, or a model is given it', async () => {
    await shop.define(tenant, { segments: [dynamic('shop', { not: { attribute: { name: 'email', operator: 'contains', value: '@shop' } } }), dynamic('exactly', { attribute: { name: 'phone', operator: 'equals', value: '1' } })] });
    const model = { id: 'm', name: 'm', description: '', runtime: 'onnx' as const, artifact: '0'.repeat(64), output: 'p', inputs: [{ source: 'attribute' as const, name: 'age', missing: 0, transform: { kind: 'number' as const, scale: 1, offset: 0 } }] };
    await shop.definitions.change(tenant, 'test', [put(models, 'm', model)]);
    expect([(await declare('email')).refusals, (await declare('age', 'number')).refusals, (await declare('phone')).refusals])
      .toEqual([[['CONFLICT', '/personal']], [['CONFLICT', '/personal']], []]);
  });

  it('leaves nothing in the clear that was written while it was being declared', async () => {
    const writes = Promise.all(Array.from({ length: 40 }, (_, i) => shop.upsert(tenant, `c${i}`, { email: `c${i}@planted.example` })));
    await declare('email');
    await writes;
    const { rows } = await pool.query('SELECT to_jsonb(c) AS it FROM customers c WHERE tenant_id = $1', [tenant]);
    expect(rows).toHaveLength(40);
    expect(JSON.stringify(rows)).not.toContain('planted');
  });
});

describe('a new master key', () => {
  it('wraps all keys while the server runs, and the old one is not needed any more', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'attune-keys-'));
    try {
      const [old, young] = [randomBytes(32), randomBytes(32)].map(it => it.toString('base64')) as [string, string];
      const file = path.join(folder, 'keys');
      await writeFile(file, old);
      const open = (): PostgresKeyring => new PostgresKeyring(pool, new MasterKeys({ masterKeys: undefined, masterKeyFile: file, dataFolder: folder }));
      const [keyring, elsewhere] = [open(), open()];
      const ids = Array.from({ length: 1100 }, (_, i) => `c${i}`);
      const keys = await keyring.findOrMake(pool, tenant, ids);
      const blind = (await keyring.tenant(tenant)).blind('email', 'a');
      await elsewhere.find(pool, tenant, ['c0']);
      expect(await keyring.progress(tenant)).toMatchObject({ total: 1101, done: 1101 });
      await writeFile(file, `${young}\n${old}`);
      const rotating = keyring.rotate(tenant);
      await Promise.all(ids.slice(0, 50).map(async id => { expect((await elsewhere.find(pool, tenant, [id])).get(id)).toEqual(keys.get(id)); }));
      await rotating;
      const progress = await keyring.progress(tenant);
      expect(progress).toMatchObject({ total: 1101, done: 1101 });
      expect((await elsewhere.find(pool, tenant, ['c7'])).get('c7')).toEqual(keys.get('c7'));
      await writeFile(file, young);
      const later = open();
      expect(await later.find(pool, tenant, ids)).toEqual(keys);
      expect((await later.tenant(tenant)).blind('email', 'a')).toBe(blind);
      await writeFile(file, randomBytes(32).toString('base64'));
      await expect(open().find(pool, tenant, ['c0'])).rejects.toThrow('not known here');
      await expect(open().check()).rejects.toThrow('not known here');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is asked for by an admin, who can see how far it is', async () => {
    await declare('email');
    await shop.upsert(tenant, 'ada', { email: 'a' });
    const fields = '{ masterKey total done }';
    const { rotateKeys } = (await shop.ask(tenant, `mutation { rotateKeys ${fields} }`, {}, 'admin')).data;
    expect(rotateKeys).toMatchObject({ total: 2, done: 2 });
    expect((await shop.ask(tenant, `{ keyRotation ${fields} }`, {}, 'admin')).data.keyRotation).toEqual(rotateKeys);
    expect((await shop.ask(tenant, `{ keyRotation ${fields} }`)).refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});

describe('what was sealed', () => {
  it('cannot be read once the key of its customer is gone', async () => {
    await declare('email');
    await shop.upsert(tenant, 'ada', { email: 'a@x.example' });
    await pool.query('DELETE FROM customer_keys WHERE tenant_id = $1', [tenant]);
    const keyring = new PostgresKeyring(pool, new MasterKeys({ masterKeys: [randomBytes(32).toString('base64')], masterKeyFile: undefined, dataFolder: '' }));
    await expect(new PersonalAttributes(pool, keyring).reveal({ tenantId: tenant, customerId: 'ada' }, 'key')).rejects.toThrow();
  });
});
