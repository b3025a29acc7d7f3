import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { feature, hero } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { askByHttp, askBySocket, codesOf, expectRefusal, openSocket, planted, postText, rowsOf, type Reply } from './client.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

afterAll(() => shop.stop()); // while the database is there
const { pool } = await testDatabase();
let shop: ShopServer;
let decisionId: string;
beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop, { placements: [{ ...hero, bandit: { features: ['engagement_score'], lambda: 1, alpha: 0 } }], features: [feature('engagement_score'), feature('city', { valueType: 'string' })] });
  decisionId = (await shop.query('{ personalize(customerId: "ada") { id } }')).data.personalize.id;
});

/** The JSON of a request; `holes` go into the text of the variables as they stand, valid or not. */
const body = (query: string, variables: object = {}, holes: Readonly<Record<string, string>> = {}): string =>
  Object.entries(holes).reduce((text, [name, hole]) => text.replace(`"<${name}>"`, hole), JSON.stringify({ query, variables }));

const nested = (levels: number, open: string, inner: string, close: string): string => open.repeat(levels) + inner + close.repeat(levels);
const deepCondition = (levels: number): string => nested(levels, '{"not":', `{"inSegment":"${planted}"}`, '}');
const content = (id: string): object => ({ id, type: 'product', title: planted, category: planted });

const personalize = 'query P($customer: ID = "ada", $placement: ID, $items: [ContentItemInput!], $limit: Int, $deadlineMs: Int, $context: ContextInput) { personalize(customerId: $customer, placement: $placement, items: $items, limit: $limit, deadlineMs: $deadlineMs, context: $context) { id } }';
const many = (fields: string): string => `query M($ids: [ID!]!) { personalizeMany(customerIds: $ids) { ${fields} } }`;
const setFeatures = 'mutation S($value: JSON!, $name: ID = "engagement_score") { setFeatures(input: { customers: [{ customerId: "ada", values: [{ name: $name, value: $value }] }] }) { changedCustomers } }';
const upsertCustomer = 'mutation U($attributes: JSON!, $id: ID = "ada") { upsertCustomer(input: { id: $id, attributes: $attributes }) { customer { id } } }';
const preview = 'query C($condition: ConditionInput!) { previewSegment(condition: $condition) { count } }';
const createSegment = 'mutation C($condition: ConditionInput!) { createSegment(input: { id: "deep", name: "Deep", condition: $condition }) { configurationVersion } }';
const saveRuleSet = 'mutation R($when: ConditionInput!) { saveRuleSet(input: { id: "main", name: "Main", rules: [{ id: "r", effect: exclude, reason: "r", when: $when }] }) { configurationVersion } }';
const importDecisions = 'mutation I($input: ImportDecisionsInput!) { importDecisions(input: $input) { decisions } }';
const upsertPlacement = 'mutation P($holdout: Float!) { upsertPlacement(input: { id: "hero", name: "Hero", holdout: $holdout, isDefault: true, policy: { kind: greedy }, scorer: { kind: priority } }) { configurationVersion } }';
const imported = (propensity: unknown): object => ({
  input: {
    log: 'other', placementId: 'hero', candidateItemIds: ['boots'],
    decisions: [{ id: '0195515c-5800-7000-8000-000000000001', customerId: 'ada', decidedAt: '2025-03-01T10:59:21.216Z', itemId: 'boots', position: 1, propensity, outcomes: [] }],
  },
});
const infinite = '1e999';

const refused: readonly (readonly [what: string, body: string, code: string])[] = [
  ['an unknown placement', body(personalize, { placement: planted }), 'NOT_FOUND'],
  ['an unknown placement for many', body('{ personalizeMany(customerIds: ["ada"], placement: "nowhere") { id } }'), 'NOT_FOUND'],
  ['no items', body(personalize, { items: [] }), 'INVALID_INPUT'],
  ['items with one id', body(personalize, { items: [content(planted), content(planted)] }), 'INVALID_INPUT'],
  ['501 items', body(personalize, { items: Array.from({ length: 501 }, (_, i) => content(`${planted}${i}`)) }), 'LIMIT_EXCEEDED'],
  ['an empty customer id', body(personalize, { customer: '' }), 'INVALID_INPUT'],
  ['a customer id with control characters', body(personalize, { customer: `${planted}\u0000` }), 'INVALID_INPUT'],
  ['a customer id of 129 characters', body(personalize, { customer: planted.padEnd(129, 'x') }), 'INVALID_INPUT'],
  ['a slate of no items', body(personalize, { limit: 0 }), 'INVALID_INPUT'],
  ['a slate of 21', body(personalize, { limit: 21 }), 'INVALID_INPUT'],
  ['no time at all', body(personalize, { deadlineMs: 0 }), 'INVALID_INPUT'],
  ['a number that is no Int', body(personalize, { limit: planted }), 'INVALID_INPUT'],
  ['a context that is too large', body(personalize, { context: { more: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`c${i}`, planted])) } }), 'INVALID_INPUT'],
  ['1,001 customers', body(many('id'), { ids: Array.from({ length: 1001 }, (_, i) => `${planted}${i}`) }), 'LIMIT_EXCEEDED'],
  ['many customers with much of each', body(many('candidates { itemId score propensity dropped { code reason } } slate { item { id title tags } }'), { ids: Array.from({ length: 1000 }, (_, i) => `c${i}`) }), 'LIMIT_EXCEEDED'],
  ['a query 13 levels deep', body(`{ customer(id: "ada") { ${nested(6, 'segments { members { edges { node { ', 'id', '} } } }')} } }`), 'LIMIT_EXCEEDED'],
  ['51 aliases', body(`{ ${Array.from({ length: 51 }, (_, i) => `a${i}: placements { id }`).join(' ')} }`), 'LIMIT_EXCEEDED'],
  ['21 root fields', body(`{ ${Array.from({ length: 21 }, (_, i) => `a${i}: personalize(customerId: "c${i}") { id }`).join(' ')} }`), 'LIMIT_EXCEEDED'],
  ['a costly query of few words', body('{ customers(first: 100) { edges { node { segments { members(first: 100) { edges { node { id } } } } } } } }'), 'LIMIT_EXCEEDED'],
  ['2,001 tokens', body(`{ ${'__typename '.repeat(2001)} }`), 'LIMIT_EXCEEDED'],
  ['a syntax error', body(`{ personalize(customerId: "${planted}" `), 'INVALID_INPUT'],
  ['a condition of 10,000 levels', body(preview, { condition: '<it>' }, { it: deepCondition(10_000) }), 'LIMIT_EXCEEDED'],
  ['a segment of 10,000 levels', body(createSegment, { condition: '<it>' }, { it: deepCondition(10_000) }), 'LIMIT_EXCEEDED'],
  ['a rule of 10,000 levels', body(saveRuleSet, { when: '<it>' }, { it: nested(10_000, '{"and":[', '{}', ']}') }), 'LIMIT_EXCEEDED'],
  ['behaviour of 10,000 levels', body(preview, { condition: '<it>' }, { it: nested(10_000, '{"did":{"event":"login","where":', '{}', '}}') }), 'LIMIT_EXCEEDED'],
  ['a condition of 10,000 parts', body(preview, { condition: { or: Array.from({ length: 10_000 }, () => ({ inSegment: planted })) } }), 'LIMIT_EXCEEDED'],
  ['behaviour within no time', body(saveRuleSet, { when: { did: { event: 'login', within: 'PT59M' } } }), 'INVALID_INPUT'],
  ['behaviour since a day that there is not', body(saveRuleSet, { when: { did: { event: 'login', since: '2026-02-30' } } }), 'INVALID_INPUT'],
  ['behaviour with a huge text', body(createSegment, { condition: { did: { event: 'login', where: { property: { name: 'a', operator: 'equals', value: planted.repeat(200) } } } } }), 'INVALID_INPUT'],
  ['a condition of 21 levels', body(preview, { condition: '<it>' }, { it: deepCondition(21) }), 'LIMIT_EXCEEDED'],
  ['a condition of 300 levels in the document', body(`{ previewSegment(condition: ${nested(300, '{ not: ', '{ inSegment: "x" }', '}')}) { count } }`), 'LIMIT_EXCEEDED'],
  ['an attribute of 10,000 levels', body(upsertCustomer, { attributes: '<it>' }, { it: nested(10_000, '{"a":', '1', '}') }), 'LIMIT_EXCEEDED'],
  ['lists of 100,000 levels', body(setFeatures, { value: '<it>' }, { it: nested(100_000, '[', '1', ']') }), 'LIMIT_EXCEEDED'],
  ['deep JSON in a variable that nobody declared', body(personalize, { more: '<it>' }, { it: nested(10_000, '[', '1', ']') }), 'LIMIT_EXCEEDED'],
  ['an attribute of 17 levels', body(upsertCustomer, { attributes: '<it>' }, { it: nested(17, '{"a":', '1', '}') }), 'INVALID_INPUT'],
  ['an infinite feature', body(setFeatures, { value: '<it>' }, { it: infinite }), 'INVALID_INPUT'],
  ['an infinite feature in the document', body(setFeatures.replace('($value: JSON!, $name: ID = "engagement_score")', '').replace('$value', infinite).replace('$name', '"engagement_score"')), 'INVALID_INPUT'],
  ['NaN as a text', body(setFeatures, { value: 'NaN' }), 'INVALID_INPUT'],
  ['a feature that there is not', body(setFeatures, { value: 1, name: planted }), 'INVALID_INPUT'],
  ['a feature of another type', body(setFeatures, { value: 7, name: 'city' }), 'INVALID_INPUT'],
  ['an infinite attribute', body(upsertCustomer, { attributes: { spent: '<it>' } }, { it: `-${infinite}` }), 'INVALID_INPUT'],
  ['an infinite share', body(upsertPlacement, { holdout: '<it>' }, { it: infinite }), 'INVALID_INPUT'],
  ['a share of a text', body(upsertPlacement, { holdout: 'Infinity' }), 'INVALID_INPUT'],
  ['a propensity of 0', body(importDecisions, imported(0)), 'INVALID_INPUT'],
  ['a propensity above 1', body(importDecisions, imported(1.5)), 'INVALID_INPUT'],
  ['an infinite propensity', body(importDecisions, imported('<it>'), { it: infinite }), 'INVALID_INPUT'],
  ['a propensity that is a text', body(importDecisions, imported('NaN')), 'INVALID_INPUT'],
  ['a prototype among attributes', body(upsertCustomer, { attributes: '<it>' }, { it: `{"constructor":{"prototype":"${planted}"}}` }), 'INVALID_INPUT'],
];

describe.each([['HTTP', askByHttp], ['a WebSocket', askBySocket]] as const)('over %s', (_name, ask) => {
  it.each(refused)('%s is refused with a stable code, and changes nothing', async (_what, text, code) => {
    const before = await rowsOf(pool, shop);
    expectRefusal(await ask(shop, text, shop.keys.admin), code);
    expect(await rowsOf(pool, shop)).toBe(before);
  });

  it('outcomes that are none are rejected one by one', async () => {
    const mutation = 'mutation O($input: [OutcomeInput!]!) { recordOutcomes(input: $input) { accepted receipts { code } } }';
    const outcome = (value: unknown, more: object = {}): object => ({ id: planted, decisionId, kind: 'CONVERSION', value, ...more });
    const before = await rowsOf(pool, shop);
    const reply = await ask(shop, body(mutation, { input: [outcome('NaN'), outcome('Infinity'), outcome('-1'), outcome('1e999'), outcome('<it>'), outcome(null, { decisionId: planted }), outcome('5', { kind: 'CLICK' })] }, { it: infinite }), shop.keys.server);
    const { recordOutcomes } = (JSON.parse(reply.text) as { data: { recordOutcomes: { accepted: number; receipts: readonly { code: string }[] } } }).data;
    expect(recordOutcomes).toEqual({ accepted: 0, receipts: Array.from({ length: 7 }, () => ({ code: 'INVALID_INPUT' })) });
    expect(await rowsOf(pool, shop)).toBe(before);
  });

  it('a stranger gets a decision that is marked so, and stays one', async () => {
    const reply = await ask(shop, body('{ personalize(customerId: "nobody") { isStranger level selectedContent { id } } customer(id: "nobody") { id } }'), shop.keys.admin);
    const { data } = JSON.parse(reply.text) as { data: { personalize: { selectedContent: unknown } } };
    expect(data).toMatchObject({ personalize: { isStranger: true, level: 'FULL' }, customer: null });
    expect(data.personalize.selectedContent).not.toBeNull();
  });
});

describe('what is refused for one value', () => {
  it('is taken with another', async () => {
    const good = [body(importDecisions, imported(0.5)), body(setFeatures, { value: 1.5 }), body(upsertCustomer, { attributes: { spent: 1e300 } }), body(preview, { condition: { not: { inSegment: 'new' } } })];
    await shop.query('mutation { createSegment(input: { id: "new", name: "New" }) { configurationVersion } }');
    for (const text of good) expect(codesOf(await askByHttp(shop, text, shop.keys.admin))).toEqual([]);
  });
});

describe('the REST twins', () => {
  const rest: readonly (readonly [what: string, path: string, body: string, code: string])[] = [
    ['no items', '/api/v1/personalize', '{"customerId":"ada","availableItems":[]}', 'INVALID_INPUT'],
    ['no customer', '/api/v1/personalize', '{}', 'INVALID_INPUT'],
    ['an unknown placement', '/api/v1/personalize', `{"customerId":"ada","placement":"${planted}"}`, 'NOT_FOUND'],
    ['a field that there is not', '/api/v1/personalize', `{"customerId":"ada","tenantId":"${planted}"}`, 'INVALID_INPUT'],
    ['deep items', '/api/v1/personalize', `{"customerId":"ada","availableItems":[{"id":"x","attributes":${nested(10_000, '{"a":', '1', '}')}}]}`, 'LIMIT_EXCEEDED'],
    ['a deep context', '/api/v1/personalize', `{"customerId":"ada","context":${nested(100_000, '[', '', ']')}}`, 'LIMIT_EXCEEDED'],
    ['events that are no list', '/api/v1/events', '{}', 'INVALID_INPUT'],
    ['outcomes that are no list', '/api/v1/outcomes', '{"outcomes":7}', 'INVALID_INPUT'],
    ['broken JSON', '/api/v1/personalize', `{"customerId":"${planted}"`, 'INVALID_INPUT'],
    ['NaN', '/api/v1/personalize', '{"customerId":NaN}', 'INVALID_INPUT'],
    ['an infinite number of the context', '/api/v1/personalize', '{"customerId":"ada","context":{"more":{"x":1e999}}}', 'INVALID_INPUT'],
    ['an address that there is not', '/api/v1/nothing', '{}', 'NOT_FOUND'],
  ];
  it.each(rest)('refuse %s', async (_what, path, text, code) => {
    const before = await rowsOf(pool, shop);
    expectRefusal(await postText(shop.url + path, text, shop.keys.admin), code);
    expect(await rowsOf(pool, shop)).toBe(before);
  });

  it('reject an event or an outcome that is deep, and no other', async () => {
    const deep = nested(10_000, '{"a":', '1', '}');
    const before = await rowsOf(pool, shop);
    const events = await postText(`${shop.url}/api/v1/events`, `[{"id":"1","customerId":"ada","type":"login","properties":${deep}},{"id":"2","customerId":"ada","type":"login"}]`, shop.keys.server);
    expect(JSON.parse(events.text)).toMatchObject({ accepted: 1, rejected: 1 });
    const outcomes = await postText(`${shop.url}/api/v1/outcomes`, `{"outcomes":[${deep},{"id":"seen","decisionId":"${decisionId}","kind":"impression"}]}`, shop.keys.server);
    expect(JSON.parse(outcomes.text)).toMatchObject({ accepted: 1, rejected: 1 });
    expect(await rowsOf(pool, shop)).not.toBe(before);
  });

  it.each([['/graphql', 10], ['/api/v1/personalize', 10], ['/api/v1/outcomes', 10], ['/api/v1/events', 30]])('refuse at %s a body of %i MB', async (path, megabytes) => {
    const reply = await postText(shop.url + path, JSON.stringify({ query: planted.repeat(85_000 * megabytes) }), shop.keys.admin);
    expect(reply.status).toBe(413);
    expectRefusal(reply, 'LIMIT_EXCEEDED');
  });
});

describe('what is hardly a request', () => {
  const told = (host: string, text: string): Promise<string> => new Promise((resolve, reject) => {
    const connection = connect(Number(new URL(host).port), '127.0.0.1', () => connection.write(text));
    let all = '';
    connection.on('data', (data: Buffer) => (all += data.toString())).on('end', () => { resolve(all); }).on('error', reject);
  });

  it('is answered with a stable code where it is not HTTP', async () => {
    const answer = await told(shop.url, `${planted} nonsense\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expectRefusal({ status: 400, text: answer.slice(answer.indexOf('\r\n\r\n') + 4) }, 'INVALID_INPUT');
  });

  it('is answered with a stable code where its head is huge', async () => {
    const answer = await told(shop.url, `GET /graphql HTTP/1.1\r\nHost: localhost\r\nX-Long: ${planted.repeat(2000)}\r\n`);
    expectRefusal({ status: 400, text: answer.slice(answer.indexOf('\r\n\r\n') + 4) }, 'INVALID_INPUT');
  });

  it('closes a socket by the code of the protocol: broken JSON, no key, 10 MB, silence', async () => {
    const closing = async (send: (socket: ReturnType<typeof openSocket>) => void): Promise<number> => {
      const socket = openSocket(shop);
      return new Promise(resolve => {
        socket.on('open', () => { send(socket); });
        socket.on('close', code => { resolve(code); });
      });
    };
    expect(await Promise.all([
      closing(socket => { socket.send('{"type":"connection_init","payload":NaN}'); }),
      closing(socket => { socket.send('{"type":"connection_init"}'); }),
      closing(socket => { socket.send(`{"type":"connection_init","payload":{"x":"${'x'.repeat(10_000_000)}"}}`); }),
      closing(() => {}),
    ])).toEqual([4400, 4403, 1009, 4408]);
  });

  it('left half open keeps nobody else from an answer', async () => {
    const { port } = new URL(shop.url);
    const half = ['', 'POST /gra', 'POST /graphql HTTP/1.1\r\nHost: localhost\r\n', `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${shop.keys.server}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"query":`];
    const open = await Promise.all(Array.from({ length: 100 }, (_, i) => new Promise<ReturnType<typeof connect>>(resolve => {
      const connection = connect(Number(port), '127.0.0.1', () => {
        connection.write(half[i % half.length] ?? '');
        resolve(connection);
      });
    })));
    const sockets = Array.from({ length: 20 }, () => openSocket(shop));
    await Promise.all(sockets.map(socket => new Promise(resolve => socket.on('open', resolve))));
    const replies = await Promise.all(Array.from({ length: 20 }, (): Promise<Reply> => askByHttp(shop, body(personalize), shop.keys.server)));
    for (const reply of replies) {
      expect(reply.status).toBe(200);
      expect(codesOf(reply)).toEqual([]);
    }
    for (const it of open) it.destroy();
    for (const socket of sockets) socket.terminate();
  });
});

describe('a model', () => {
  it('of up to 4 MiB fits in a request, and a larger one is refused by its size', async () => {
    const register = 'mutation R($artifact: String!) { registerModel(input: { id: "m", name: "M", output: "y", artifact: $artifact, inputs: [{ source: feature, name: "engagement_score", missing: 0, transform: { kind: number } }] }) { configurationVersion } }';
    const before = await rowsOf(pool, shop);
    const bytes = 4 * 1024 * 1024;
    expectRefusal(await askByHttp(shop, body(register, { artifact: Buffer.alloc(bytes).toString('base64') }), shop.keys.admin), 'INVALID_INPUT');
    expectRefusal(await askByHttp(shop, body(register, { artifact: Buffer.alloc(bytes + 3).toString('base64') }), shop.keys.admin), 'LIMIT_EXCEEDED');
    expect(await rowsOf(pool, shop)).toBe(before);
  });
});

