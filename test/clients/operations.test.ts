import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { print } from 'graphql';
import {
  CustomerDocument, DecisionDocument, DecisionUpdatesDocument, ExplainDocument, IngestEventsDocument, PersonalizeDocument, PersonalizeManyDocument, RecordOutcomesDocument,
  SetFeaturesDocument, type DecisionUpdatesSubscription,
} from '../../clients/generated/operations.js';
import { furnish, startShop, type ShopServer } from '../app/shop-server.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
let shop: ShopServer;
beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop);
});
afterAll(() => shop.stop());

/** A client as a frontend would have it: what goes in and what comes out is typed by the operation. */
async function send<Data, Variables extends object>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const { data, errors } = await shop.query(print(document), variables, shop.keys.server);
  expect(errors).toBeUndefined();
  return data as Data;
}

describe("a client's operations", () => {
  it('decide, find, explain and replay', async () => {
    const { personalize } = await send(PersonalizeDocument, { customer: 'ada', context: { deviceType: 'phone' } });
    expect(personalize.selectedContent?.title).toBeTruthy();
    const { decision, replayDecision } = await send(DecisionDocument, { id: personalize.id });
    expect(decision?.candidates.reduce((sum, it) => sum + (it.propensity ?? 0), 0)).toBeCloseTo(1, 12);
    expect(replayDecision.identical).toBe(true);
    const { explainDecision } = await send(ExplainDocument, { id: personalize.id, item: personalize.selectedContent?.id ?? '' });
    expect(explainDecision.selected).toBe(true);
    const { personalizeMany } = await send(PersonalizeManyDocument, { customers: ['ada', 'bob'] });
    expect(personalizeMany.map(it => it.customerId)).toEqual(['ada', 'bob']);
  });

  it('tell what happened', async () => {
    const { personalize } = await send(PersonalizeDocument, { customer: 'ada' });
    const { recordOutcomes } = await send(RecordOutcomesDocument, { outcomes: [{ id: `seen-${personalize.id}`, decisionId: personalize.id, kind: 'IMPRESSION' }] });
    expect(recordOutcomes).toMatchObject({ accepted: 1, rejected: 0 });
    const event = { id: `view-${personalize.id}`, customerId: 'ada', type: 'page_view', properties: { pageUrl: '/boots' } };
    const { ingestEvents } = await send(IngestEventsDocument, { events: [event, event, { ...event, id: 'odd', type: 'sneeze' }] });
    expect(ingestEvents).toMatchObject({ accepted: 1, duplicates: 1, rejected: 1 });
  });

  it('set features, and see them at the customer', async () => {
    await send(SetFeaturesDocument, { input: { customers: [{ customerId: 'ada', values: [{ name: 'engagement_score', value: 0.9 }] }] } });
    const { customer } = await send(CustomerDocument, { id: 'ada' });
    expect(customer?.features.find(it => it.name === 'engagement_score')).toMatchObject({ value: 0.9, status: 'FRESH' });
  });

  it('follow the decisions for a customer', async () => {
    const client = shop.socket();
    const first = await new Promise<DecisionUpdatesSubscription>((resolve, reject) => {
      client.subscribe<DecisionUpdatesSubscription>(
        { query: print(DecisionUpdatesDocument), variables: { customer: 'ada' } },
        { next: ({ data }) => { if (data) resolve(data); }, error: reject, complete: () => undefined },
      );
    });
    await client.dispose();
    expect(first.decisionUpdates.cause).toMatchObject({ kind: 'INITIAL', subject: null });
  });
});
