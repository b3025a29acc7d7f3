import { describe, expect, it } from '@jest/globals';
import type { CustomerChanged } from '../../../src/customers/customer-changed.js';
import type { Cause, DecisionUpdate } from '../../../src/decisions/live/decision-update.js';
import { decodeCursor, encodeCursor } from '../../../src/decisions/live/decision-update.js';
import { LiveFeed } from '../../../src/decisions/live/live-feed.js';
import type { Ask, Decided } from '../../../src/decisions/personalizer.js';
import { finish } from '../../../src/decisions/pipeline/finish.js';
import { prepare } from '../../../src/decisions/pipeline/prepare.js';
import { stateOf } from '../../../src/decisions/pipeline/facts.js';
import type { TenantConfiguration } from '../../../src/decisions/snapshot/snapshot.js';
import { compileSnapshot } from '../../../src/decisions/snapshot/compile.js';
import type { OnlineRecord } from '../../../src/customers/online-record.js';
import { configuration, hero, item, noon, request, rule } from '../shop.js';

const isVip = { attribute: { name: 'vip', operator: 'equals', value: true } } as const;
const vipOnly = rule('vip-boots', { effect: 'require', when: isVip, items: { item: { name: 'id', operator: 'equals', value: 'boots' } } });
const ruled: Partial<TenantConfiguration> = {
  placements: [{ ...hero, policy: { kind: 'epsilonGreedy', epsilon: 0.5 } }],
  ruleSets: [{ id: 'main', name: '', rules: [vipOnly] }],
};

/** A shop whose customer and configuration a test changes, and the feed over it. */
function openShop() {
  let snapshot = compileSnapshot(configuration(ruled));
  let record: OnlineRecord = { customerId: 'ada', known: true, version: 1, attributes: {}, features: {}, segments: [], consents: {} };
  const listeners = new Set<(change: CustomerChanged | undefined) => void>();
  const recorded: Decided[] = [];
  const computed: number[] = [];
  let broken = false;
  const compute = async (_tenant: string, asks: readonly Ask[]): Promise<readonly Decided[]> => {
    if (broken) throw new Error('down');
    computed.push(asks.length);
    return asks.map((ask): Decided => {
      const placement = snapshot.placements.get(ask.placementId ?? 'hero');
      if (placement === undefined) throw new Error('no such placement');
      const asked = request({ seed: ask.seed ?? 0, customerId: ask.customerId });
      const state = stateOf(record, 'current', placement, asked);
      const answer = finish(prepare(asked, state, snapshot, placement), { source: 'priority' });
      const times = { gather: 0, rules: 0, score: 0, total: 0 };
      return { record: { tenantId: 'acme', request: asked, state, scores: { source: 'priority' }, snapshotVersion: snapshot.version, answer, times }, snapshot, known: true };
    });
  };
  let ids = 0;
  const feed = new LiveFeed({
    personalizer: { compute, record: async decided => void recorded.push(...decided) },
    snapshot: async () => snapshot,
    followCustomer: async (_tenant, _customer, listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    now: () => noon,
    newId: () => `id-${ids++}`,
    onFailure: () => {},
  });
  return {
    feed, recorded, computed, listeners,
    change(attributes: OnlineRecord['attributes'], name = 'vip'): void {
      record = { ...record, attributes };
      for (const listener of listeners) listener({ customerId: 'ada', version: 2, changes: [{ kind: 'ATTRIBUTE', name }], changedAt: noon + 5 });
    },
    reconfigure(more: Partial<TenantConfiguration>, kind: 'ruleSet' | 'ruleSetDraft' | 'item', id: string): void {
      snapshot = compileSnapshot(configuration({ ...ruled, ...more, version: snapshot.version + 1 }));
      feed.configurationChanged(snapshot, { version: snapshot.version, subjects: [{ kind, id }], changedAt: noon + 7 });
    },
    gap(): void {
      for (const listener of listeners) listener(undefined);
    },
    breakDown(down: boolean): void {
      broken = down;
    },
  };
}

const settled = (ms = 20): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const causes = (updates: readonly DecisionUpdate[]): readonly (readonly [Cause['kind'], string | null])[] => updates.map(({ cause }) => [cause.kind, cause.subject]);
const shown = (updates: readonly DecisionUpdate[]): readonly (string | null)[] => updates.map(it => it.decided.record.answer.selectedItemId);

describe('a live feed', () => {
  /** A position whose seed makes the policy take the best one, before and after. */
  const greedySeed = { seed: 1, shown: 'nothing' };

  it('sends the present decision first, and a new one with its cause when a fact changes it', async () => {
    const shop = openShop();
    const updates: DecisionUpdate[] = [];
    const close = await shop.feed.watch('acme', { ask: { customerId: 'ada' }, position: greedySeed }, it => updates.push(it));
    shop.change({ vip: true });
    await settled();
    expect(shown(updates)).toEqual(['sandals', 'boots']);
    expect(causes(updates)).toEqual([['RESUMED_WITH_GAP', null], ['ATTRIBUTE', 'vip']]);
    expect(shop.recorded.map(it => it.record.answer.selectedItemId)).toEqual(['sandals', 'boots']);
    close();
  });

  it('says INITIAL where it was not resumed, and sends nothing while the answer stays', async () => {
    const shop = openShop();
    const updates: DecisionUpdate[] = [];
    const close = await shop.feed.watch('acme', { ask: { customerId: 'ada' } }, it => updates.push(it));
    for (let i = 0; i < 20; i++) shop.change({ vip: false });
    await settled();
    expect(causes(updates)).toEqual([['INITIAL', null]]);
    expect(shop.recorded).toHaveLength(1);
    close();
  });

  it('does not even decide again where nothing that the placement reads has changed, nor for a draft', async () => {
    const shop = openShop();
    const close = await shop.feed.watch('acme', { ask: { customerId: 'ada' } }, () => {});
    shop.change({ shoeSize: 39 }, 'shoeSize');
    shop.reconfigure({}, 'ruleSetDraft', 'main');
    await settled();
    expect(shop.computed).toEqual([1]);
    close();
  });

  it('merges a burst into one decision', async () => {
    const shop = openShop();
    const updates: DecisionUpdate[] = [];
    const close = await shop.feed.watch('acme', { ask: { customerId: 'ada' }, position: greedySeed }, it => updates.push(it));
    for (let i = 0; i < 50; i++) shop.change({ vip: i % 2 === 0 });
    shop.change({ vip: true });
    await settled();
    expect(shop.computed.reduce((a, b) => a + b)).toBeLessThan(5);
    expect(shown(updates)).toEqual(['sandals', 'boots']);
    close();
  });

  it('follows the configuration', async () => {
    const shop = openShop();
    const updates: DecisionUpdate[] = [];
    const close = await shop.feed.watch('acme', { ask: { customerId: 'ada' }, position: greedySeed }, it => updates.push(it));
    shop.reconfigure({ ruleSets: [] }, 'ruleSet', 'main');
    await settled();
    shop.reconfigure({ ruleSets: [], items: [item('hat')] }, 'item', 'boots');
    await settled();
    expect(shown(updates)).toEqual(['sandals', 'boots', 'hat']);
    expect(causes(updates).slice(1)).toEqual([['RULE', 'main'], ['CONTENT', 'boots']]);
    close();
  });

  it('resumes by its cursor: silent where nothing was missed, and with the same draw', async () => {
    const shop = openShop();
    const updates: DecisionUpdate[] = [];
    const open = (position?: ReturnType<typeof decodeCursor>) => shop.feed.watch('acme', { ask: { customerId: 'ada' }, position }, it => updates.push(it));
    (await open())();
    const position = decodeCursor(updates[0]?.cursor ?? '');
    (await open(position))();
    expect(updates).toHaveLength(1);
    shop.change({ vip: true });
    shop.reconfigure({ items: [item('hat')] }, 'item', 'boots');
    (await open(position))();
    expect(causes(updates)).toEqual([['INITIAL', null], ['RESUMED_WITH_GAP', null]]);
    expect(updates[1]?.decided.record.request.seed).toBe(updates[0]?.decided.record.request.seed);
  });

  it('decides again after messages may have been lost', async () => {
    const shop = openShop();
    const close = await shop.feed.watch('acme', { ask: { customerId: 'ada' } }, () => {});
    shop.gap();
    await settled();
    expect(shop.computed).toEqual([1, 1]);
    close();
  });

  it('tries again where deciding failed', async () => {
    const shop = openShop();
    const updates: DecisionUpdate[] = [];
    const close = await shop.feed.watch('acme', { ask: { customerId: 'ada' }, position: greedySeed }, it => updates.push(it));
    shop.breakDown(true);
    shop.change({ vip: true });
    await settled(100);
    shop.breakDown(false);
    await settled(400);
    expect(shown(updates)).toEqual(['sandals', 'boots']);
    close();
  });

  it('follows nothing once it is closed', async () => {
    const shop = openShop();
    const close = await shop.feed.watch('acme', { ask: { customerId: 'ada' } }, () => {});
    close();
    shop.change({ vip: true });
    await settled();
    expect([shop.feed.size, shop.listeners.size, shop.computed.length]).toEqual([0, 0, 1]);
  });
});

describe('a cursor', () => {
  it('holds the position', () => {
    const position = { seed: 0xffff_ffff, shown: '["a.b","ü"]' };
    expect(decodeCursor(encodeCursor(position))).toEqual(position);
  });

  it.each(['', 'x', '.[]', '1z141z4.[]', '1.{}'])('is refused where it is none: %s', text => {
    expect(decodeCursor(text)).toBeUndefined();
  });
});
