import { beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Api, home, score } from '../tenants/api.js';

const api = new Api((await testDatabase()).pool);
let tenant: string;
beforeEach(async () => {
  tenant = await api.newTenant();
  await api.set(tenant, 'upsertPlacement', home);
  await api.set(tenant, 'upsertFeatureDefinition', score);
  await api.set(tenant, 'createSegment', { id: 'vip', name: 'VIP' });
});

const when = {
  and: [
    { feature: { name: 'score', operator: 'between', value: [0, 1] } },
    { context: { name: 'device', operator: 'equals', value: 'phone' } },
    { attribute: { name: 'country', operator: 'notEquals', value: 'DE' } },
    { inSegment: 'vip' },
  ],
};
const boost = {
  id: 'cheap', effect: 'boost', items: { item: { name: 'price', operator: 'lessThan', value: 20 } }, when, placements: ['home'], factor: 1.5, reason: 'Cheap is nice',
};
const exclude = { id: 'none', effect: 'exclude', when: { item: { name: 'tags', operator: 'contains', value: 'old' } }, reason: 'Old' };
const set = { id: 'winter', name: 'Winter', rules: [boost, exclude] };
const everything = 'id hasUnpublishedChanges live { name rules { id } } draft { name rules { id effect items when placements factor reason } }';

const ruleSets = async (): Promise<unknown> => (await api.ask(tenant, `{ ruleSets { ${everything} } }`)).data.ruleSets;

describe('rule sets', () => {
  it('are saved as drafts, and live once they are published', async () => {
    const draft = { name: 'Winter', rules: [boost, { ...exclude, items: null, placements: null, factor: null }] };
    const { data } = await api.change(tenant, 'saveRuleSet', set, `ruleSet { ${everything} }`);
    expect(data.it.ruleSet).toEqual({ id: 'winter', hasUnpublishedChanges: true, live: null, draft });
    expect((await api.tenants.definitions.find(tenant, 'ruleSet', ['winter']))).toEqual([]);

    const live = { name: 'Winter', rules: [{ id: 'cheap' }, { id: 'none' }] };
    const { data: after } = await api.change(tenant, 'publishRuleSet', { id: 'winter' }, `ruleSet { ${everything} }`);
    expect(after.it.ruleSet).toEqual({ id: 'winter', hasUnpublishedChanges: false, live, draft });
    expect(await ruleSets()).toEqual([{ id: 'winter', hasUnpublishedChanges: false, live, draft }]);

    await api.set(tenant, 'saveRuleSet', { ...set, rules: [] });
    expect(await ruleSets()).toEqual([{ id: 'winter', hasUnpublishedChanges: true, live, draft: { name: 'Winter', rules: [] } }]);
  });

  it('make no version where what is published is live already', async () => {
    await api.set(tenant, 'saveRuleSet', set);
    await api.set(tenant, 'publishRuleSet', { id: 'winter' });
    expect((await api.change(tenant, 'publishRuleSet', { id: 'winter' })).data.it.configurationVersion).toBe(5);
  });

  it.each<[string, object, string]>([
    ['an unknown feature', { ...exclude, when: { feature: { name: 'no', operator: 'exists' } } }, '/rules/1/when/feature/name'],
    ['an unknown type of events', { ...exclude, when: { did: { event: 'yawn' } } }, '/rules/1/when/did/event'],
    ['an unknown segment', { ...exclude, when: { not: { inSegment: 'no' } } }, '/rules/1/when/not/inSegment'],
    ['an unknown placement', { ...exclude, placements: ['home', 'no'] }, '/rules/1/placements/1'],
    ['no placement', { ...exclude, placements: [] }, '/rules/1/placements'],
    ['items that are chosen by the customer', { ...exclude, items: { inSegment: 'vip' } }, '/rules/1/items/inSegment'],
    ['a boost without a factor', { ...exclude, effect: 'boost' }, '/rules/1/factor'],
    ['a boost by nothing', { ...boost, id: 'x', factor: 0 }, '/rules/1/factor'],
    ['a factor where nothing is boosted', { ...exclude, factor: 2 }, '/rules/1/factor'],
    ['the same rule twice', boost, '/rules'],
    ['no reason', { ...exclude, reason: '' }, '/rules/1/reason'],
    ['a value of another type', { ...exclude, when: { item: { name: 'price', operator: 'contains', value: 'x' } } }, '/rules/1/when/item/operator'],
  ])('refuse %s and change nothing', async (_what, rule, path) => {
    expect((await api.change(tenant, 'saveRuleSet', { ...set, rules: [boost, rule] })).refusals).toEqual([['INVALID_INPUT', path]]);
    expect(await api.version(tenant)).toBe(3);
  });

  it('refuse 201 rules, and a condition that is too large', async () => {
    const rules = Array.from({ length: 201 }, (_, i) => ({ ...exclude, id: `r${i}` }));
    expect((await api.change(tenant, 'saveRuleSet', { ...set, rules })).refusals).toEqual([['INVALID_INPUT', '/rules']]);
    const large = { ...exclude, when: { or: Array.from({ length: 200 }, () => ({ inSegment: 'vip' })) } };
    expect((await api.change(tenant, 'saveRuleSet', { ...set, rules: [large] })).refusals).toEqual([['LIMIT_EXCEEDED', '/rules/0/when']]);
  });

  it('are published only while they still fit', async () => {
    await api.set(tenant, 'saveRuleSet', set);
    await api.tenants.definitions.change(tenant, 'k', [{ kind: 'segment', id: 'vip', body: null }]);
    expect((await api.change(tenant, 'publishRuleSet', { id: 'winter' })).refusals).toEqual([['INVALID_INPUT', '/rules/0/when/and/3/inSegment']]);
    expect((await api.change(tenant, 'publishRuleSet', { id: 'spring' })).refusals).toEqual([['NOT_FOUND', '/id']]);
  });

  it("are each tenant's own, for servers and admins to read and for admins to change", async () => {
    await api.set(tenant, 'saveRuleSet', set);
    const other = await api.newTenant();
    expect((await api.ask(other, '{ ruleSets { id } }')).data.ruleSets).toEqual([]);
    expect((await api.change(other, 'publishRuleSet', { id: 'winter' })).refusals).toEqual([['NOT_FOUND', '/id']]);
    expect((await api.ask(tenant, '{ ruleSets { id } }', {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await api.ask(tenant, 'mutation { publishRuleSet(input: { id: "winter" }) { configurationVersion } }', {}, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
    const save = 'mutation($input: RuleSetInput!) { saveRuleSet(input: $input) { configurationVersion } }';
    expect((await api.ask(tenant, save, { input: set }, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});
