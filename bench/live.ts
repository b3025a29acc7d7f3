import { startChild, type Child, type Memory } from './child.js';
import { decisionUpdatesDocument } from './documents.js';
import type { Figure } from './figure.js';
import type { Order, Pushed, Trigger } from './live-clients.js';
import { quantile } from './measure.js';
import { feedPlacement, setFeaturesDocument, startAttune, type AttuneServer, type Shop } from './shop.js';

export interface LiveLength {
  /** Changes of one customer each. */
  readonly changes: number;
  /** Changes that concern all of them. */
  readonly broadcasts: number;
}

interface Measured {
  readonly each: Pushed;
  readonly all: Pushed;
  /** Bytes of memory that a subscription holds. */
  readonly bytes: number;
  readonly residentBytes: number;
}

const sockets = 20;
const changeEveryMs = 10;
const broadcastEveryMs = 1500;
const tastes = ['shoes', 'tents'] as const;

/** From a change to the decision that it causes, with one open subscription for each customer. */
export async function benchLive(shop: Shop, length: LiveLength): Promise<readonly Figure[]> {
  const attune = await measureAttune(shop, length);
  const floor = await measureFloor(shop, length);
  const subscriptions = `${shop.customerIds.length} subscriptions on ${sockets} sockets`;
  const pushed = (name: string, of: 'each' | 'all', q: number): Figure => ({
    name: `${name}, p${q * 100}`,
    value: quantile(attune[of].latencies, q),
    unit: 'ms',
    floor: { name: 'HTTP and ws alone', value: quantile(floor[of].latencies, q) },
    ...(of === 'all' && q === 0.99 && { goal: { of: 'ratio', atMost: 3 } as const }),
    note: `${attune[of].latencies.length} pushes, ${attune[of].missing} did not come; ${subscriptions}`,
  });
  return [
    pushed('setFeatures to pushed decision', 'each', 0.5),
    pushed('setFeatures to pushed decision', 'each', 0.99),
    pushed('a rule to all pushed decisions', 'all', 0.5),
    pushed('a rule to all pushed decisions', 'all', 0.99),
    {
      name: 'memory of a subscription',
      value: attune.bytes / 1024,
      unit: 'KiB',
      floor: { name: 'ws alone', value: floor.bytes / 1024 },
      goal: { of: 'value', atMost: 20 },
      note: `heap and external, its share of the socket included; RSS ${(attune.residentBytes / 1024).toFixed(1)} KiB`,
    },
  ];
}

async function measureAttune(shop: Shop, { changes, broadcasts }: LiveLength): Promise<Measured> {
  const server = await startAttune(shop);
  const clients = startChild('live-clients.ts');
  try {
    for (const taste of ['tents', 'shoes'] as const) await setTastes(server, shop.customerIds, taste); // so that nothing is new to it
    const before = await server.child.ask<Memory>({});
    const subscribe = (customerId: string, i: number): string =>
      JSON.stringify({ id: String(i), type: 'subscribe', payload: { query: decisionUpdatesDocument, variables: { customerId, placement: feedPlacement } } });
    await clients.ask({
      kind: 'open',
      url: `${server.url.replace('http', 'ws')}/graphql`,
      protocol: 'graphql-transport-ws',
      greeting: JSON.stringify({ type: 'connection_init', payload: shop.headers }),
      messages: dealt(shop.customerIds.map(subscribe)),
      first: shop.customerIds.length,
    } satisfies Order);
    const after = await server.child.ask<Memory>({});
    const post = { path: '/graphql', headers: shop.headers };
    const each = await fire(clients, server.url, changeEveryMs, Array.from({ length: changes }, (_, i): Trigger => {
      const customerId = shop.customerIds[i % shop.customerIds.length] ?? '';
      const taste = tastes[(Math.floor(i / shop.customerIds.length) + 1) % 2] ?? 'shoes';
      return { ...post, body: JSON.stringify({ query: setFeaturesDocument, variables: tasteOf([customerId], taste) }), customerIds: [customerId] };
    }));
    await setTastes(server, shop.customerIds, 'shoes');
    const all: Pushed[] = [];
    for (let i = 0; i < broadcasts; i++) {
      await saveGate(server, i % 2 === 0 ? 'shoes' : 'nothing');
      const publish = JSON.stringify({ query: 'mutation { publishRuleSet(input: { id: "gate" }) { configurationVersion } }' });
      all.push(await fire(clients, server.url, 0, [{ ...post, body: publish, customerIds: shop.customerIds }]));
    }
    return { each, all: joined(all), ...perSubscription(before, after, shop.customerIds.length) };
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}

async function measureFloor({ customerIds }: Shop, { changes, broadcasts }: LiveLength): Promise<Measured> {
  const server = startChild('broadcast-server.ts');
  const clients = startChild('live-clients.ts');
  try {
    const url = await server.ask<string>({ what: 'address' });
    const before = await server.ask<Memory>({ what: 'memory' });
    await clients.ask({
      kind: 'open', url: url.replace('http', 'ws'), protocol: undefined, greeting: undefined,
      messages: dealt(customerIds).map(own => [JSON.stringify(own)]), first: 0,
    } satisfies Order);
    const after = await server.ask<Memory>({ what: 'memory' });
    const post = (told: readonly string[], customerId: string | null): Trigger =>
      ({ path: '/', headers: {}, body: JSON.stringify({ customerId, message: constantMessage }), customerIds: told });
    const each = await fire(clients, url, changeEveryMs, Array.from({ length: changes }, (_, i) => {
      const customerId = customerIds[i % customerIds.length] ?? '';
      return post([customerId], customerId);
    }));
    const all = await fire(clients, url, broadcastEveryMs, Array.from({ length: broadcasts }, () => post(customerIds, null)));
    return { each, all, ...perSubscription(before, after, customerIds.length) };
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}

/** As long as a pushed decision. */
const constantMessage = JSON.stringify({ decision: { customerId: '?' }, rest: 'x'.repeat(1100) });

const fire = (clients: Child, url: string, everyMs: number, triggers: readonly Trigger[]): Promise<Pushed> =>
  clients.ask<Pushed>({ kind: 'trigger', url, everyMs, triggers } satisfies Order);

const joined = (all: readonly Pushed[]): Pushed => ({ latencies: all.flatMap(it => it.latencies), missing: all.reduce((sum, it) => sum + it.missing, 0) });

const dealt = (all: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: sockets }, (_, socket) => all.filter((__, i) => i % sockets === socket));

const perSubscription = (before: Memory, after: Memory, count: number): Pick<Measured, 'bytes' | 'residentBytes'> => ({
  bytes: (after.heapUsed + after.external - before.heapUsed - before.external) / count,
  residentBytes: (after.rss - before.rss) / count,
});

const tasteOf = (customerIds: readonly string[], taste: string): object => ({
  input: { customers: customerIds.map(customerId => ({ customerId, values: tastes.map(it => ({ name: `affinity_${it}`, value: it === taste ? 10 : -10 })) })) },
});

async function setTastes({ query }: AttuneServer, customerIds: readonly string[], taste: string): Promise<void> {
  await query(setFeaturesDocument, tasteOf(customerIds, taste));
}

/** A draft that takes the items of the category away from everybody. */
async function saveGate({ query }: AttuneServer, category: string): Promise<void> {
  await query('mutation ($input: RuleSetInput!) { saveRuleSet(input: $input) { ruleSet { id } } }', {
    input: {
      id: 'gate', name: 'Gate',
      rules: [{
        id: 'gate', effect: 'exclude', reason: 'Closed.',
        items: { item: { name: 'category', operator: 'equals', value: category } },
        when: { context: { name: 'hour', operator: 'exists', value: true } },
      }],
    },
  });
}
