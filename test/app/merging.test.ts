import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assign } from '../../src/experiments/allocation.js';
import type { Experiment } from '../../src/experiments/experiment.js';
import { holdWriters } from '../../src/platform/tombstones.js';
import { feature, hero, item } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

const { pool } = await testDatabase();
const experiment: Experiment = {
  id: 'order', name: 'Order', hypothesis: 'x', placementId: 'hero', status: 'running', coverage: 1, seed: 'order',
  arms: [{ id: 'control', name: 'Control', weight: 0.5 }, { id: 'other', name: 'Other', weight: 0.5 }],
};
let shop: ShopServer;
beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop, {
    features: [feature('engagement_score')],
    items: ['tent', 'tarp'].map((id, i) => item(id, { priority: 2 - i })),
    placements: [{ ...hero, scorer: { kind: 'bandit' }, policy: { kind: 'greedy' }, bandit: { features: ['engagement_score'], lambda: 1, alpha: 0 } }],
    experiments: [experiment],
  });
});
afterAll(() => shop.stop());

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a client would, untyped
const done = async (query: string, variables: object = {}, key = shop.keys.server): Promise<any> => {
  const { data, errors } = await shop.query(query, variables, key);
  expect(errors).toBeUndefined();
  return data;
};
const armOfUnit = (unitId: string): string | undefined => {
  const it = assign({ unitId, seed: experiment.seed, coverage: 1, weights: [0.5, 0.5], holdout: 0, holdoutSeed: 'hero' });
  return it.kind === 'arm' ? experiment.arms[it.index]?.id : undefined;
};
/** Three ids of one person, of which the first is in another arm than the others. */
function idsApart(): readonly [anon: string, ada: string, phone: string] {
  for (;;) {
    const ids = [`anon-${randomUUID()}`, `ada-${randomUUID()}`, `phone-${randomUUID()}`] as const;
    const [anon, ada, phone] = ids.map(armOfUnit);
    if (anon !== ada && ada === phone) return ids;
  }
}

interface Decided {
  readonly id: string;
  readonly arm: string;
  readonly isStranger: boolean;
  readonly selectedContent: { readonly id: string };
}

const decide = async (id: string): Promise<Decided> => {
  const { personalize } = await done('query($id: ID!) { personalize(customerId: $id) { id isStranger selectedContent { id } assignments { experimentId armId } } }', { id });
  return { ...personalize, arm: personalize.assignments[0].armId } as Decided;
};
const merge = (from: string, into: string): Promise<unknown> => done('mutation($input: MergeCustomersInput!) { mergeCustomers(input: $input) { aliases } }', { input: { from, into } });
const identify = (customerId: string, value: string): Promise<unknown> => done('mutation($input: IdentifyInput!) { identify(input: $input) { aliases } }', { input: { customerId, identities: [{ kind: 'email', value }] } });
const upsert = (id: string): Promise<unknown> => done('mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { id } } }', { input: { id, attributes: { city: 'Ulm' } } });

type Step = (ids: ReturnType<typeof idsApart>, email: string) => Promise<unknown>;
const ways: Readonly<Record<string, readonly Step[]>> = {
  'is merged into who they turn out to be': [([anon, ada]) => merge(anon, ada)],
  'is the one that others are merged into': [([anon, ada]) => merge(ada, anon)],
  'is known by an address, and then somebody else by the same': [([anon], email) => identify(anon, email), ([, ada], email) => identify(ada, email)],
  'is known by an address that somebody has': [([, ada], email) => identify(ada, email), ([anon], email) => identify(anon, email)],
  'is merged into somebody who was there long before': [([, ada]) => upsert(ada), ([anon, ada]) => merge(anon, ada)],
  'is merged by way of a third': [([, ada, phone]) => merge(phone, ada), ([anon, , phone]) => merge(anon, phone)],
  'is merged into a third, and then that into another': [([anon, , phone]) => merge(anon, phone), ([, ada, phone]) => merge(phone, ada)],
  'is merged in a circle': [([anon, ada]) => merge(anon, ada), ([, ada, phone]) => merge(ada, phone), ([anon, , phone]) => merge(phone, anon)],
};

describe('a customer who was decided for by an id of nobody yet', () => {
  it.each(Object.entries(ways))('keeps the arm when that id %s, at once or later', async (_way, steps) => {
    for (const isPatient of [false, true]) {
      const ids = idsApart();
      const [anon, ada] = ids;
      const first = await decide(anon);
      expect(first).toMatchObject({ arm: armOfUnit(anon), isStranger: true });
      if (isPatient) await shop.app.decisions.log.flush();
      const email = `${randomUUID()}@x.example`;
      for (const step of steps) {
        await step(ids, email);
        expect((await decide(anon)).arm).toBe(first.arm);
      }
      expect(armOfUnit(ada)).not.toBe(first.arm);
      expect(await decide(ada)).toMatchObject({ arm: first.arm, isStranger: false });
      expect(await decide(anon)).toMatchObject({ arm: first.arm, isStranger: false });
    }
  });

  it('keeps the arm while the log has yet to take the decision', async () => {
    const [anon, ada] = idsApart();
    const first = await decide(anon);
    await shop.app.decisions.log.flush();
    const [again, other] = idsApart();
    const blocker = await pool.connect();
    try {
      await blocker.query('BEGIN');
      await holdWriters(blocker, shop.tenantId);
      const second = await decide(again);
      const merging = Promise.all([merge(again, other), merge(anon, ada)]);
      await new Promise(resolve => setTimeout(resolve, 300));
      await blocker.query('COMMIT');
      await merging;
      expect((await decide(other)).arm).toBe(second.arm);
    } finally {
      blocker.release();
    }
    expect((await decide(ada)).arm).toBe(first.arm);
  });

  it('is found by the old id: when asked for, in the log, and as the customer of what was decided before', async () => {
    const [anon, ada] = idsApart();
    const { id } = await decide(anon);
    await merge(anon, ada);
    expect((await done('query($id: ID!) { customer(id: $id) { id } }', { id: anon })).customer).toEqual({ id: ada });
    expect((await done('query($id: ID!) { decision(id: $id) { customerId customer { id } } }', { id })).decision).toEqual({ customerId: anon, customer: { id: ada } });
    expect((await done('query($id: ID!) { replayDecision(id: $id) { identical } }', { id })).replayDecision).toEqual({ identical: true });
  });
});

describe('what is learned', () => {
  const learned = async (): Promise<Readonly<Record<string, number>>> => {
    const { rows } = await pool.query<{ arm: string; trials: number }>('SELECT arm, sum(trials) AS trials FROM posteriors WHERE tenant_id = $1 GROUP BY 1', [shop.tenantId]);
    return Object.fromEntries(rows.map(it => [it.arm, it.trials]));
  };
  const until = async (arm: string, trials: number): Promise<void> => {
    for (let i = 0; i < 100 && (await learned())[arm] !== trials; i++) await new Promise(resolve => setTimeout(resolve, 50));
    expect((await learned())[arm]).toBe(trials);
  };
  const clicked = async (decisionId: string, key: string): Promise<unknown> => {
    const outcomes = ['IMPRESSION', 'CLICK'].map(kind => ({ id: randomUUID(), decisionId, kind }));
    return (await done('mutation($outcomes: [OutcomeInput!]!) { recordOutcomes(input: $outcomes) { accepted rejected } }', { outcomes }, key)).recordOutcomes;
  };

  it('counts outcomes of what was decided by an old id, whoever sends them by whichever of the ids, and stays when customers become one', async () => {
    const [anon, ada, phone] = idsApart();
    const decided = [await decide(anon), await decide(anon), await decide(anon), await decide(phone)];
    const arm = decided[0]?.selectedContent.id ?? '';
    expect(decided.map(it => it.selectedContent.id)).toEqual([arm, arm, arm, arm]);
    const before = (await learned())[arm] ?? 0;
    expect(await clicked(decided[0]?.id ?? '', shop.keys.server)).toEqual({ accepted: 2, rejected: 0 });
    await until(arm, before + 1);
    await merge(anon, ada);
    expect((await learned())[arm]).toBe(before + 1);
    expect(await clicked(decided[1]?.id ?? '', shop.keys.server)).toEqual({ accepted: 2, rejected: 0 });
    expect(await clicked(decided[2]?.id ?? '', await shop.keys.browser(ada))).toEqual({ accepted: 2, rejected: 0 });
    await until(arm, before + 3);
    const later = await decide(ada);
    expect(await clicked(later.id, await shop.keys.browser(anon))).toEqual({ accepted: 2, rejected: 0 });
    await until(arm, before + 4);
    expect(await clicked(decided[3]?.id ?? '', await shop.keys.browser(ada))).toEqual({ accepted: 0, rejected: 2 }); // somebody else's
  });
});
