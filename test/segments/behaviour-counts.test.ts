import { describe, expect, it } from '@jest/globals';
import { behaviourKey } from '../../src/conditions/behaviour.js';
import type { Behaviour, Condition } from '../../src/conditions/condition.js';
import type { Json } from '../../src/kernel/json.js';
import { behaviourCounts } from '../../src/segments/behaviour-counts.js';
import type { Definition, DefinitionKind } from '../../src/tenants/definitions.js';

const live = (kind: DefinitionKind, body: object): Definition => ({ kind, id: 'x', since: 1, body: body as unknown as Json });
const bought: Behaviour = { event: 'purchase', atLeast: 2, within: 'P30D', where: { property: { name: 'value', operator: 'greaterThan', value: 50 } } };
const viewed: Behaviour = { event: 'page_view', atLeast: 1, since: '2026-01-01T00:00:00.000Z' };
const both: Condition = { or: [{ did: bought }, { not: { did: viewed } }] };
const names = (...definitions: readonly Definition[]): readonly string[] => behaviourCounts(definitions).map(it => it.name);

describe('behaviourCounts', () => {
  it('gives what has to be counted as features under the keys of the behaviours', () => {
    expect(behaviourCounts([live('segment', { id: 'x', condition: both })])).toMatchObject([
      { name: behaviourKey(bought), valueType: 'number', aggregate: { function: 'count', event: 'purchase', where: bought.where, windowMs: 30 * 86_400_000, since: undefined } },
      { name: behaviourKey(viewed), aggregate: { function: 'count', event: 'page_view', where: undefined, since: Date.parse('2026-01-01T00:00:00Z') } },
    ]);
  });

  it('looks wherever rules and experiments have conditions, and counts each once', () => {
    const rules = live('ruleSet', { rules: [{ when: both }, { items: { item: { name: 'did', operator: 'exists' } }, when: { did: { ...bought, atLeast: 5 } } }] });
    expect(names(rules, live('experiment', { status: 'running', targeting: { and: [both] } }))).toEqual([bought, viewed].map(behaviourKey));
  });

  it('leaves out what decides nothing: drafts of rules, and experiments that are over', () => {
    expect(names(live('ruleSetDraft', { rules: [{ when: both }] }), live('experiment', { status: 'stopped', targeting: both }))).toEqual([]);
  });
});
