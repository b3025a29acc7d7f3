import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Shop } from './shop.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(() => shop.projection.stop());

const say = (purposes: readonly object[], customerId = 'ada') =>
  shop.ask(tenant, 'mutation($input: SetConsentInput!) { setConsent(input: $input) { customerId consents { purpose granted until } } }', { input: { customerId, source: 'banner 3', purposes } });
const later = (ms: number): string => new Date(shop.clock.now() + ms).toISOString();

describe('setConsent', () => {
  it('answers with what holds, puts it on the online record, and tells who follows the customer', async () => {
    const heard = await shop.listen(tenant, 'ada');
    expect((await say([{ purpose: 'mail', granted: true, until: later(1000) }, { purpose: 'ads', granted: false }])).data.setConsent).toEqual({
      customerId: 'ada', consents: [{ purpose: 'ads', granted: false, until: null }, { purpose: 'mail', granted: true, until: later(1000) }],
    });
    expect((await shop.online(tenant, 'ada'))?.consents).toEqual({ ads: { granted: false }, mail: { granted: true, until: shop.clock.now() + 1000 } });
    expect(heard.map(it => it.changes)).toEqual([[{ kind: 'CONSENT', name: 'ads' }, { kind: 'CONSENT', name: 'mail' }]]);
  });

  it('keeps all that was said, with who said it when and where, and lets the newest hold whatever comes last', async () => {
    await say([{ purpose: 'ads', granted: true, at: later(-1000) }]);
    await say([{ purpose: 'ads', granted: false, at: later(-5000) }]);
    const { data } = await shop.ask(tenant, '{ customer(id: "ada") { consents { purpose granted } consentHistory { purpose granted at source saidBy seq } } }');
    expect(data.customer.consents).toEqual([{ purpose: 'ads', granted: true }]);
    expect(data.customer.consentHistory).toMatchObject([
      { granted: false, at: later(-5000), source: 'banner 3', saidBy: 'key' },
      { granted: true, at: later(-1000) },
    ]);
    const [newest] = data.customer.consentHistory;
    const rest = await shop.ask(tenant, `{ customer(id: "ada") { consentHistory(before: ${Number(newest.seq)}) { granted } } }`);
    expect(rest.data.customer.consentHistory).toEqual([{ granted: true }]);
  });

  it('tells nobody where nothing is different', async () => {
    await say([{ purpose: 'ads', granted: true, at: later(-1000) }]);
    const [heard, before] = [await shop.listen(tenant, 'ada'), await shop.truth(tenant, 'ada')];
    await say([{ purpose: 'ads', granted: true, at: later(-1000) }]);
    expect(heard).toEqual([]);
    expect(await shop.truth(tenant, 'ada')).toEqual(before);
  });

  it('turns a consent that has ended into a refusal, and says so once', async () => {
    await say([{ purpose: 'ads', granted: true, until: later(1000) }]);
    const heard = await shop.listen(tenant, 'ada');
    shop.clock.advance(1000);
    await shop.projection.changed(tenant, ['ada']);
    await shop.projection.changed(tenant, ['ada']);
    expect(heard.map(it => it.changes)).toEqual([[{ kind: 'CONSENT', name: 'ads' }]]);
    expect((await shop.online(tenant, 'ada'))?.consents).toMatchObject({ ads: { granted: false } });
  });

  it('takes from a browser token what its own customer says', async () => {
    const mutation = (id: string): string => `mutation { setConsent(input: { customerId: "${id}", source: "page", purposes: [{ purpose: "ads", granted: true }] }) { customerId } }`;
    expect((await shop.ask(tenant, mutation('ada'), {}, 'browser')).refusals).toEqual([]);
    await expect(shop.ask(tenant, mutation('bob'), {}, 'browser')).resolves.toMatchObject({ refusals: [['FORBIDDEN', undefined]] });
  });

  it('refuses what cannot be meant, with its place', async () => {
    const refused = async (purpose: object): Promise<unknown> => (await say([{ purpose: 'mail', granted: true }, purpose])).refusals;
    expect(await refused({ purpose: '', granted: true })).toEqual([['INVALID_INPUT', '/purposes/1/purpose']]);
    expect(await refused({ purpose: 'ads', granted: true, until: later(-1) })).toEqual([['INVALID_INPUT', '/purposes/1/until']]);
    expect(await refused({ purpose: 'ads', granted: false, until: later(1000) })).toEqual([['INVALID_INPUT', '/purposes/1/until']]);
    expect(await refused({ purpose: 'ads', granted: true, at: later(3_600_000) })).toEqual([['INVALID_INPUT', '/purposes/1/at']]);
    expect(await shop.truth(tenant, 'ada')).toBeUndefined();
  });
});

describe('declared attributes', () => {
  const declare = (input: object) => shop.ask(tenant, 'mutation($input: AttributeDefinitionInput!) { upsertAttribute(input: $input) { attribute { name valueType personal purposes } configurationVersion } }', { input }, 'admin');

  it('have one type, and what is not declared may have any', async () => {
    expect((await declare({ name: 'age', valueType: 'number', purposes: ['b', 'a', 'b'] })).data.upsertAttribute).toEqual({
      attribute: { name: 'age', valueType: 'number', personal: false, purposes: ['a', 'b'] }, configurationVersion: 1,
    });
    expect((await shop.upsert(tenant, 'ada', { other: true, age: 'old' })).refusals).toEqual([['INVALID_INPUT', '/attributes/age']]);
    expect(await shop.truth(tenant, 'ada')).toBeUndefined();
    expect((await shop.upsert(tenant, 'ada', { other: true, age: 36 })).refusals).toEqual([]);
    expect((await shop.upsert(tenant, 'ada', { age: null })).refusals).toEqual([]);
  });

  it('keep their type, stay personal, and can be undeclared otherwise', async () => {
    await declare({ name: 'age', valueType: 'number' });
    expect((await declare({ name: 'age', valueType: 'string' })).refusals).toEqual([['CONFLICT', '/valueType']]);
    await declare({ name: 'mail', valueType: 'string', personal: true });
    expect((await declare({ name: 'mail', valueType: 'string' })).refusals).toEqual([['CONFLICT', '/personal']]);
    const drop = async (name: string): Promise<unknown> =>
      (await shop.ask(tenant, `mutation { deleteAttribute(input: { name: "${name}" }) { id } }`, {}, 'admin')).refusals;
    expect(await drop('mail')).toEqual([['CONFLICT', '/name']]);
    expect(await drop('age')).toEqual([]);
    expect(await drop('age')).toEqual([['NOT_FOUND', '/name']]);
    expect((await shop.ask(tenant, '{ attributeDefinitions { name } }')).data.attributeDefinitions).toEqual([{ name: 'mail' }]);
  });
});
