import { beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Api, home, score, type Reply } from '../tenants/api.js';

const api = new Api((await testDatabase()).pool);
let tenant: string;
beforeEach(async () => {
  tenant = await api.newTenant();
});

const high = { feature: { name: 'score', operator: 'greaterThan', value: 0.7 } };
const member = (inSegment: string): object => ({ inSegment });

describe('segment definitions', () => {
  it('are answered as they were saved, a list by hand without a condition', async () => {
    await api.set(tenant, 'upsertFeatureDefinition', score);
    const condition = { and: [high, { not: { attribute: { name: 'country', operator: 'in', value: ['DE', 'FR'] } } }] };
    const { data } = await api.change(tenant, 'createSegment', { id: 'keen', name: 'Keen', condition }, 'configurationVersion segment { id name description condition }');
    expect(data.it).toEqual({ configurationVersion: 2, segment: { id: 'keen', name: 'Keen', description: '', condition } });
    await api.set(tenant, 'createSegment', { id: 'staff', name: 'Staff', description: 'By hand' });
    expect((await api.ask(tenant, '{ keen: segment(id: "keen") { condition } staff: segment(id: "staff") { description condition } no: segment(id: "x") { id } }')).data)
      .toEqual({ keen: { condition }, staff: { description: 'By hand', condition: null }, no: null });
  });

  it('are created once, and updated where they are', async () => {
    await api.set(tenant, 'createSegment', { id: 'a', name: 'A' });
    expect((await api.change(tenant, 'createSegment', { id: 'a', name: 'B' })).refusals).toEqual([['CONFLICT', '/id']]);
    expect((await api.change(tenant, 'updateSegment', { id: 'b', name: 'B' })).refusals).toEqual([['NOT_FOUND', '/id']]);
    expect((await api.change(tenant, 'updateSegment', { id: 'a', name: 'B' }, 'segment { name }')).data.it).toEqual({ segment: { name: 'B' } });
  });

  it('stay a list or a condition', async () => {
    await api.set(tenant, 'upsertFeatureDefinition', score);
    await api.set(tenant, 'createSegment', { id: 'list', name: 'List' });
    await api.set(tenant, 'createSegment', { id: 'rule', name: 'Rule', condition: high });
    expect((await api.change(tenant, 'updateSegment', { id: 'list', name: 'List', condition: high })).refusals).toEqual([['CONFLICT', '/condition']]);
    expect((await api.change(tenant, 'updateSegment', { id: 'rule', name: 'Rule' })).refusals).toEqual([['CONFLICT', '/condition']]);
  });

  it('cannot rest on themselves, however long the way; the error names it', async () => {
    await api.set(tenant, 'createSegment', { id: 'c', name: 'C', condition: { attribute: { name: 'x', operator: 'exists' } } });
    await api.set(tenant, 'createSegment', { id: 'b', name: 'B', condition: { or: [member('c'), { not: member('c') }] } });
    await api.set(tenant, 'createSegment', { id: 'a', name: 'A', condition: { and: [member('b'), member('c')] } });
    const { errors: [error] } = await api.change(tenant, 'updateSegment', { id: 'c', name: 'C', condition: { not: member('a') } });
    expect([error?.code, error?.details]).toEqual(['INVALID_INPUT', { path: '/condition', cycle: 'c > a > c' }]);
    const { errors: [itself] } = await api.change(tenant, 'updateSegment', { id: 'b', name: 'B', condition: { or: [member('b')] } });
    expect([itself?.code, itself?.details]).toEqual(['INVALID_INPUT', { path: '/condition', cycle: 'b > b' }]);
    expect(await api.version(tenant)).toBe(3);
  });

  it('cannot be made a cycle by two updates at once', async () => {
    const any = { attribute: { name: 'x', operator: 'exists' } };
    for (const id of ['a', 'b']) await api.set(tenant, 'createSegment', { id, name: id, condition: any });
    const replies = await Promise.all([
      api.change(tenant, 'updateSegment', { id: 'a', name: 'a', condition: member('b') }),
      api.change(tenant, 'updateSegment', { id: 'b', name: 'b', condition: member('a') }),
    ]);
    expect(replies.flatMap(it => it.refusals)).toEqual([['INVALID_INPUT', '/condition']]);
  });

  it.each<[string, object, string, string]>([
    ['an unknown feature', { feature: { name: 'none', operator: 'exists' } }, '/condition/feature/name', 'INVALID_INPUT'],
    ['a value of another type', { feature: { name: 'score', operator: 'equals', value: 'high' } }, '/condition/feature/value', 'INVALID_INPUT'],
    ['an unknown segment', { and: [high, member('none')] }, '/condition/and/1/inSegment', 'INVALID_INPUT'],
    ['a condition on the request', { context: { name: 'device', operator: 'exists' } }, '/condition/context', 'INVALID_INPUT'],
    ['a condition on items', { not: { item: { name: 'price', operator: 'exists' } } }, '/condition/not/item', 'INVALID_INPUT'],
    ['an unknown type of events', { not: { did: { event: 'yawn' } } }, '/condition/not/did/event', 'INVALID_INPUT'],
    ['behaviour within a year', { did: { event: 'purchase', within: 'P365D' } }, '/condition/did/within', 'INVALID_INPUT'],
    ['no alternative', { or: [] }, '/condition/or', 'INVALID_INPUT'],
    ['10,000 nodes side by side', { and: Array.from({ length: 10_000 }, () => high) }, '/condition', 'LIMIT_EXCEEDED'],
    ['a string of 10,000 characters', { attribute: { name: 'city', operator: 'equals', value: 'x'.repeat(10_000) } }, '/condition/attribute/value', 'INVALID_INPUT'],
    ['a segment whose id has 10,000 characters', member('x'.repeat(10_000)), '/condition/inSegment', 'INVALID_INPUT'],
    ['201 nodes', { or: Array.from({ length: 200 }, () => high) }, '/condition', 'LIMIT_EXCEEDED'],
  ])('refuse %s and change nothing', async (_what, condition, path, code) => {
    await api.set(tenant, 'upsertFeatureDefinition', score);
    expect((await api.change(tenant, 'createSegment', { id: 'a', name: 'A', condition })).refusals).toEqual([[code, path]]);
    expect(await api.version(tenant)).toBe(1);
  });

  it('count events of given types, of those that are defined, and of any where there is a definition for all', async () => {
    const did = (id: string, event: string): Promise<Reply> => api.change(tenant, 'createSegment', { id, name: id, condition: { did: { event } } });
    const define = (name: string): Promise<unknown> =>
      api.tenants.definitions.change(tenant, 'test', [{ kind: 'eventType', id: name, body: { name, description: '', schema: {}, mode: 'learn' } }]);
    expect((await did('a', 'purchase')).refusals).toEqual([]);
    expect((await did('b', 'refund')).refusals).toEqual([['INVALID_INPUT', '/condition/did/event']]);
    await define('refund');
    expect((await did('b', 'refund')).refusals).toEqual([]);
    expect((await did('c', 'yawn')).refusals).toEqual([['INVALID_INPUT', '/condition/did/event']]);
    await define('*');
    expect((await did('c', 'yawn')).refusals).toEqual([]);
  });

  it('are removed when nothing asks for membership any more; the refusal says what does', async () => {
    await api.set(tenant, 'upsertPlacement', home);
    await api.set(tenant, 'createSegment', { id: 'vip', name: 'VIP' });
    await api.set(tenant, 'createSegment', { id: 'rich', name: 'Rich', condition: member('vip') });
    const rule = { id: 'r', effect: 'exclude', when: { not: member('vip') }, reason: 'Only for VIPs' };
    await api.set(tenant, 'saveRuleSet', { id: 'rules', name: 'Rules', rules: [rule] });
    await api.set(tenant, 'publishRuleSet', { id: 'rules' });
    const arms = [{ id: 'a', name: 'A', weight: 0.5 }, { id: 'b', name: 'B', weight: 0.5 }];
    await api.set(tenant, 'saveExperiment', { id: 'test', name: 'Test', placementId: 'home', targeting: member('vip'), arms });
    await api.set(tenant, 'startExperiment', { id: 'test' });

    const { errors: [error] } = await api.change(tenant, 'deleteSegment', { id: 'vip' });
    expect([error?.code, error?.details]).toEqual(['CONFLICT', { usedBy: 'segment/rich, ruleSet/rules, ruleSetDraft/rules, experiment/test', uses: 4 }]);

    await api.set(tenant, 'stopExperiment', { id: 'test' });
    await api.set(tenant, 'saveRuleSet', { id: 'rules', name: 'Rules', rules: [] });
    await api.set(tenant, 'publishRuleSet', { id: 'rules' });
    await api.set(tenant, 'deleteSegment', { id: 'rich' });
    await api.set(tenant, 'deleteSegment', { id: 'vip' });
    expect((await api.ask(tenant, '{ segment(id: "vip") { id } }')).data.segment).toBeNull();
    expect((await api.change(tenant, 'deleteSegment', { id: 'vip' })).refusals).toEqual([['NOT_FOUND', '/id']]);
  });

  it("take another tenant's segments and features for absent", async () => {
    const other = await api.newTenant();
    await api.set(other, 'upsertFeatureDefinition', score);
    await api.set(other, 'createSegment', { id: 'vip', name: 'VIP' });
    expect((await api.ask(tenant, '{ segment(id: "vip") { id } }')).data.segment).toBeNull();
    expect((await api.change(tenant, 'createSegment', { id: 'a', name: 'A', condition: member('vip') })).refusals).toEqual([['INVALID_INPUT', '/condition/inSegment']]);
    expect((await api.change(tenant, 'createSegment', { id: 'a', name: 'A', condition: high })).refusals).toEqual([['INVALID_INPUT', '/condition/feature/name']]);
    expect((await api.change(tenant, 'updateSegment', { id: 'vip', name: 'Ours' })).refusals).toEqual([['NOT_FOUND', '/id']]);
    expect((await api.change(tenant, 'deleteSegment', { id: 'vip' })).refusals).toEqual([['NOT_FOUND', '/id']]);
    expect((await api.ask(other, '{ segment(id: "vip") { name } }')).data.segment).toEqual({ name: 'VIP' });
  });

  it('are for servers and admins to read, and for admins to change', async () => {
    expect((await api.ask(tenant, '{ segment(id: "a") { id } }', {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    for (const name of ['createSegment', 'updateSegment']) {
      const save = `mutation($input: SegmentInput!) { ${name}(input: $input) { configurationVersion } }`;
      expect((await api.ask(tenant, save, { input: { id: 'a', name: 'A' } }, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
    }
    expect((await api.ask(tenant, 'mutation { deleteSegment(input: { id: "a" }) { id } }', {}, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});
