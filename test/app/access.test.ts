import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getNamedType, isEnumType, isInputObjectType, isListType, isNonNullType, isObjectType, type GraphQLField, type GraphQLInputType, type GraphQLSchema } from 'graphql';
import { SignJWT } from 'jose';
import { encodeLogisticAsOnnx } from '../../src/models/onnx-logistic.js';
import { schemaOf } from '../../src/schema.js';
import { feature, hero, item, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { askByHttp, askBySocket, codesOf, expectRefusal, planted, postText, rowsOf, type Reply } from './client.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

afterAll(() => Promise.all([shop.stop(), other.stop(), staffed.stop()])); // while the database is there
const { pool } = await testDatabase();
const bytes = encodeLogisticAsOnnx({ weights: Float32Array.of(1), bias: 0 });
const artifact = createHash('sha256').update(bytes).digest('hex');
const input = { source: 'feature', name: 'loyalty', transform: { kind: 'number', scale: 1, offset: 0 }, missing: 0 } as const;

let shop: ShopServer;
/** Another tenant's; its requests go to the same server. */
let other: ShopServer;
let staffed: ShopServer;
let schema: GraphQLSchema;
const theirs = { decisionId: '', keyId: '', cursor: '', recomputeId: '' };

beforeAll(async () => {
  shop = await startShop({ pool });
  other = await startShop({ pool });
  staffed = await startShop({ pool });
  schema = await schemaOf(shop.app.resolvers);
  await pool.query('INSERT INTO model_artifacts (tenant_id, sha256, bytes) VALUES ($1, $2, $3)', [shop.tenantId, artifact, Buffer.from(bytes)]);
  await furnish(shop, {
    items: [item('boots', { title: planted }), item('sandals', { title: planted })],
    features: [feature('loyalty', { description: planted })],
    segments: [{ id: 'vips', name: planted, description: planted }],
    models: [{ id: 'clicks', name: planted, description: planted, runtime: 'onnx', artifact, output: 'probability', inputs: [input] }],
    ruleSets: [{ id: 'main', name: planted, rules: [rule('r', { reason: planted, when: { inSegment: 'vips' } })] }],
    experiments: [{ id: 'trial', name: planted, hypothesis: planted, placementId: 'hero', status: 'draft', coverage: 1, seed: 's', arms: [{ id: 'a', name: 'A', weight: 0.5 }, { id: 'b', name: 'B', weight: 0.5 }] }],
  });
  await furnish(other, { items: [item('hat')], features: [], placements: [{ ...hero, id: 'door', name: 'Door' }] });
  await shop.query('mutation U($attributes: JSON!) { upsertCustomer(input: { id: "ada", attributes: $attributes }) { customer { id } } }', { attributes: { note: planted } });
  await shop.query('mutation { upsertCustomer(input: { id: "bob", attributes: {} }) { customer { id } } }');
  await shop.query('mutation { addToSegment(input: { segmentId: "vips", customerIds: ["ada"] }) { changed } }');
  theirs.decisionId = (await shop.query('{ personalize(customerId: "ada") { id } }')).data.personalize.id;
  theirs.keyId = (await shop.query('{ apiKeys { id } }')).data.apiKeys[0].id;
  const imported = { id: '0195515c-5800-7000-8000-000000000001', customerId: 'ada', decidedAt: '2025-03-01T10:59:21.216Z', itemId: 'boots', position: 1, propensity: 1, outcomes: [] };
  const log = { log: 'theirs', placementId: 'hero', candidateItemIds: ['boots'], decisions: [imported] };
  expect((await shop.query('mutation I($input: ImportDecisionsInput!) { importDecisions(input: $input) { decisions } }', { input: log })).data).toEqual({ importDecisions: { decisions: 1 } });
  theirs.recomputeId = (await shop.query('mutation { recomputeFeatures { recompute { id } } }')).data.recomputeFeatures.recompute.id;
  while ((await shop.query('query R($id: ID!) { featureRecompute(id: $id) { finishedAt } }', { id: theirs.recomputeId })).data.featureRecompute.finishedAt === null) await new Promise(resolve => setTimeout(resolve, 20));
  theirs.cursor = (await shop.query('{ customers(first: 1) { pageInfo { endCursor } } }')).data.customers.pageInfo.endCursor;
});

const decide = (customerId: string): string => JSON.stringify({ query: `{ personalize(customerId: "${customerId}") { id isStranger } }` });

describe('a credential', () => {
  const wrong: readonly (readonly [what: string, key: () => Promise<string> | string])[] = [
    ['none', () => ''],
    ['words', () => planted],
    ['a key that nobody has', () => `atk_0123456789abcdef_${'x'.repeat(43)}`],
    ['a key with another secret', () => `${shop.keys.server.slice(0, -4)}AAAA`],
    ['the secret of another key', () => shop.keys.server.slice(0, 21) + shop.keys.admin.slice(21)],
    ['a key of 100,000 characters', () => planted.repeat(1000)],
    ['a token that somebody else signed', async () => {
      const [head = ''] = (await shop.keys.browser('ada')).split('.');
      const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
      return new SignJWT({ tid: shop.tenantId }).setProtectedHeader({ alg: 'HS256', kid }).setSubject('ada').setExpirationTime('1h').sign(Buffer.alloc(32, 1));
    }],
    ['a token without a signature', async () => {
      const [, claims = ''] = (await shop.keys.browser('ada')).split('.');
      return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    }],
    ['a token whose customer was changed', async () => {
      const [head = '', claims = '', signature = ''] = (await shop.keys.browser('ada')).split('.');
      const changed = Buffer.from(claims, 'base64url').toString().replace('ada', 'bob');
      return `${head}.${Buffer.from(changed).toString('base64url')}.${signature}`;
    }],
    ['a revoked key', async () => {
      const { credential, key } = (await shop.query('mutation { createApiKey(input: { name: "Gone", role: server }) { credential key { id } } }')).data.createApiKey;
      expect(codesOf(await askByHttp(shop, decide('ada'), String(credential)))).toEqual([]);
      await shop.query('mutation R($id: ID!) { revokeApiKey(input: { id: $id }) { key { id } } }', { id: key.id });
      await new Promise(resolve => setTimeout(resolve, 3100)); // for so long a key is trusted without a look
      return String(credential);
    }],
  ];
  it.each(wrong)('that is %s opens nothing', async (_what, keyOf) => {
    const key = await keyOf();
    const before = await rowsOf(pool, shop);
    for (const path of ['/graphql', '/api/v1/personalize', '/api/v1/events', '/api/v1/outcomes']) {
      const reply = await postText(shop.url + path, path === '/graphql' ? decide('ada') : '{"customerId":"ada"}', key).catch((error: unknown) => error);
      if (key.length > 16_000) expect(reply).toMatchObject({ status: 400 });
      else {
        expect(reply).toMatchObject({ status: 401 });
        expectRefusal(reply as Reply, 'UNAUTHENTICATED');
      }
    }
    expect(JSON.parse((await askBySocket(shop, decide('ada'), key)).text)).toMatchObject({ closed: 4403 });
    expect(await rowsOf(pool, shop)).toBe(before);
  });
});

/** A value that the type takes, with no more than it must hold. */
function sample(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return sample(type.ofType);
  if (isListType(type)) return [sample(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (!isInputObjectType(type)) return { Int: 1, Float: 1, Boolean: true, JSON: {}, DateTime: '2026-03-01T12:00:00Z' }[type.name] ?? 'x';
  if (type.isOneOf) return { inSegment: 'x' };
  return Object.fromEntries(Object.entries(type.getFields()).filter(([, field]) => isNonNullType(field.type)).map(([name, field]) => [name, sample(field.type)]));
}

function operationOf(kind: 'query' | 'mutation', { name, args, type }: GraphQLField<unknown, unknown>): string {
  const given = args.filter(it => isNonNullType(it.type));
  const declared = given.map(it => `$${it.name}: ${it.type.toString()}`).join(', ');
  const passed = given.map(it => `${it.name}: $${it.name}`).join(', ');
  const query = `${kind} It${declared && `(${declared})`} { ${name}${passed && `(${passed})`} ${isObjectType(getNamedType(type)) ? '{ __typename }' : ''} }`;
  return JSON.stringify({ query, variables: Object.fromEntries(given.map(it => [it.name, sample(it.type)])) });
}

const rootFields = (): readonly (readonly ['query' | 'mutation', GraphQLField<unknown, unknown>])[] => [
  ...Object.values(schema.getQueryType()?.getFields() ?? {}).map(it => ['query', it] as const),
  ...Object.values(schema.getMutationType()?.getFields() ?? {}).map(it => ['mutation', it] as const),
];

async function refusedTo(key: string): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const [kind, field] of rootFields()) {
    const reply = await askByHttp(shop, operationOf(kind, field), key);
    if (codesOf(reply).includes('FORBIDDEN')) refused.push(field.name);
  }
  return refused.sort();
}

describe('a role', () => {
  it('of a browser may decide and report for its own customer, and nothing else', async () => {
    const before = await rowsOf(pool, shop);
    const open = new Set(['decision', 'recordOutcomes', 'personalize']);
    expect(await refusedTo(await shop.keys.browser('ada'))).toEqual(rootFields().map(([, it]) => it.name).filter(it => !open.has(it) || it === 'personalize').sort());
    expect(await rowsOf(pool, shop)).toBe(before);
  });

  it('of a browser is for one customer', async () => {
    const [ada, bob] = await Promise.all([shop.keys.browser('ada'), shop.keys.browser('bob')]);
    const own = await askByHttp(shop, decide('ada'), ada);
    const { id } = (JSON.parse(own.text) as { data: { personalize: { id: string } } }).data.personalize;
    const before = await rowsOf(pool, shop);
    expectRefusal(await askByHttp(shop, decide('ada'), bob), 'FORBIDDEN');
    expectRefusal(await askBySocket(shop, decide('ada'), bob), 'FORBIDDEN');
    expectRefusal(await postText(`${shop.url}/api/v1/personalize`, '{"customerId":"ada"}', bob), 'FORBIDDEN');
    expectRefusal(await postText(`${shop.url}/api/v1/events`, '[]', bob), 'FORBIDDEN');
    expectRefusal(await askBySocket(shop, JSON.stringify({ query: 'subscription { decisionUpdates(customerId: "ada") { cursor } }' }), bob), 'FORBIDDEN');
    expectRefusal(await askByHttp(shop, JSON.stringify({ query: `{ decision(id: "${id}") { id } }` }), bob), 'FORBIDDEN');
    expectRefusal(await askByHttp(shop, JSON.stringify({ query: `{ decision(id: "${id}") { customer { attributes } } }` }), ada), 'FORBIDDEN');
    const outcome = { outcomes: [{ id: 'o1', decisionId: id, kind: 'click' }] };
    expect(JSON.parse((await postText(`${shop.url}/api/v1/outcomes`, JSON.stringify(outcome), bob)).text)).toMatchObject({ accepted: 0, receipts: [{ code: 'FORBIDDEN' }] });
    expect(await rowsOf(pool, shop)).toBe(before);
    expect(JSON.parse((await postText(`${shop.url}/api/v1/outcomes`, JSON.stringify(outcome), ada)).text)).toMatchObject({ accepted: 1 });
  });

  it('of a server changes no configuration, and sees no keys', async () => {
    const before = await rowsOf(pool, staffed);
    expect(await refusedTo(staffed.keys.server)).toEqual([
      'apiKeys', 'auditLog', 'createApiKey', 'createSegment', 'deleteAttribute', 'deleteContent', 'deleteEventType', 'deleteFeatureDefinition', 'deleteSegment',
      'eraseCustomer', 'exportCustomer', 'importDecisions', 'keyRotation', 'promoteFeatureVersion', 'proposeFeatureVersion', 'publishRuleSet', 'rebuild', 'rebuilds',
      'recomputeFeatures', 'registerModel', 'rejectedEvents', 'replayEvents', 'resendRejectedEvents', 'revealAttributes', 'revokeApiKey', 'rollBackFeature', 'rotateKeys',
      'saveExperiment', 'saveFeatureBaseline', 'saveRuleSet', 'startExperiment', 'stopExperiment',
      'updateSegment', 'upsertAttribute', 'upsertContent', 'upsertEventType', 'upsertFeatureDefinition', 'upsertPlacement', 'verifyErasure',
    ]);
    const configuration = (rows: string): string | undefined => rows.split('\n').find(it => it.startsWith('definitions '));
    expect(configuration(await rowsOf(pool, staffed))).toBe(configuration(before));
  });
});

describe("another tenant's ids", () => {
  const placement = 'id: "door", name: "Door", isDefault: true, policy: { kind: greedy }';
  const model = `id: "m", name: "M", output: "probability", artifact: "${Buffer.from(bytes).toString('base64')}"`;
  /** Operations of the other tenant that name what is not its own, and what they come to: the data, or a code. */
  const table: Readonly<Record<string, readonly (readonly [operation: () => string, answer: unknown])[]>> = {
    personalize: [
      [() => '{ personalize(customerId: "ada", placement: "hero") { id } }', 'NOT_FOUND'],
      [() => '{ personalize(customerId: "ada") { isStranger selectedContent { id } customer { id } } }', { isStranger: true, selectedContent: { id: 'hat' }, customer: null }],
    ],
    personalizeMany: [
      [() => '{ personalizeMany(customerIds: ["ada"], placement: "hero") { id } }', 'NOT_FOUND'],
      [() => '{ personalizeMany(customerIds: ["ada", "bob"]) { isStranger } }', [{ isStranger: true }, { isStranger: true }]],
    ],
    decision: [[() => `{ decision(id: "${theirs.decisionId}") { id } }`, null]],
    replayDecision: [[() => `{ replayDecision(id: "${theirs.decisionId}") { identical } }`, 'NOT_FOUND']],
    explainDecision: [[() => `{ explainDecision(id: "${theirs.decisionId}", itemId: "boots") { summary } }`, 'NOT_FOUND']],
    evaluatePolicy: [
      [() => '{ evaluatePolicy(input: { log: "theirs", policy: uniform }) { decisions reason } }', { decisions: 0, reason: 'NO_DECISIONS' }],
      [() => '{ evaluatePolicy(input: { log: "theirs", policy: uniform, placementId: "hero" }) { decisions } }', 'NOT_FOUND'],
    ],
    customer: [[() => '{ customer(id: "ada") { attributes } }', null]],
    customers: [
      [() => '{ customers(segment: "vips") { edges { node { id } } } }', 'NOT_FOUND'],
      [() => `{ customers(after: "${theirs.cursor}") { edges { node { id } } } }`, { edges: [] }],
    ],
    attributeDefinitions: [[() => '{ attributeDefinitions { name } }', []]],
    upsertAttribute: [[() => 'mutation { upsertAttribute(input: { name: "tier", valueType: string }) { attribute { name } } }', { attribute: { name: 'tier' } }]],
    deleteAttribute: [[() => 'mutation { deleteAttribute(input: { name: "note" }) { id } }', 'NOT_FOUND']],
    customerByIdentity: [[() => '{ customerByIdentity(kind: "email", value: "ada") { id } }', null]],
    identify: [[() => 'mutation { identify(input: { customerId: "zoe", identities: [{ kind: "email", value: "zoe" }] }) { aliases } }', { aliases: [] }]],
    mergeCustomers: [[() => 'mutation { mergeCustomers(input: { from: "zoe", into: "zed" }) { aliases } }', { aliases: ['zoe'] }]],
    setConsent: [[() => 'mutation { setConsent(input: { customerId: "zed", source: "s", purposes: [{ purpose: "ads", granted: true }] }) { consents { granted } } }', { consents: [{ granted: true }] }]],
    revealAttributes: [[() => 'mutation { revealAttributes(input: { customerId: "bob" }) { attributes } }', 'NOT_FOUND']],
    exportCustomer: [[() => 'mutation { exportCustomer(input: { customerId: "bob" }) { data } }', 'NOT_FOUND']],
    eraseCustomer: [[() => 'mutation { eraseCustomer(input: { customerId: "bob" }) { receipt { removed } } }', { receipt: { removed: expect.objectContaining({ events: 0 }) } }]],
    verifyErasure: [[() => '{ verifyErasure(id: "x", mac: "x", customerId: "ada") { isGenuine coversId remaining } }', { isGenuine: false, coversId: false, remaining: {} }]],
    keyRotation: [[() => '{ keyRotation { done } }', expect.anything()]],
    rotateKeys: [[() => 'mutation { rotateKeys { done } }', expect.anything()]],
    segment: [[() => '{ segment(id: "vips") { name } }', null]],
    content: [[() => '{ content(id: "boots") { title } }', null]],
    experiment: [[() => '{ experiment(id: "trial") { name } }', null]],
    model: [[() => '{ model(id: "clicks") { artifact } }', null]],
    placements: [[() => '{ placements { id } }', [{ id: 'door' }]]],
    ruleSets: [[() => '{ ruleSets { id } }', []]],
    featureDefinitions: [[() => '{ featureDefinitions { name } }', []]],
    featureVersions: [[() => '{ featureVersions(name: "loyalty") { version } }', 'NOT_FOUND']],
    compareFeatureVersions: [[() => '{ compareFeatureVersions(name: "loyalty") { differing } }', 'NOT_FOUND']],
    featureHistory: [[() => '{ featureHistory(customerId: "ada", name: "loyalty") { edges { cursor } } }', 'NOT_FOUND']],
    featuresAt: [[() => '{ featuresAt(customerId: "ada", names: ["loyalty"], at: "2026-01-01T00:00:00Z") { status } }', 'NOT_FOUND']],
    onlineFeatures: [[() => '{ onlineFeatures(customerIds: ["bob"]) { features { name } } }', [{ features: [] }]]],
    featureParity: [[() => '{ featureParity { customers features { name } } }', { customers: expect.any(Number), features: [] }]],
    featureRecompute: [[() => `{ featureRecompute(id: "${theirs.recomputeId}") { done } }`, null]],
    recomputeFeatures: [[() => 'mutation { recomputeFeatures { recompute { failure } } }', { recompute: { failure: null } }]],
    proposeFeatureVersion: [[() => 'mutation { proposeFeatureVersion(input: { name: "loyalty", valueType: number, ttlMs: 1000, aggregate: { function: count, event: "login", windowMs: 86400000 } }) { configurationVersion } }', 'NOT_FOUND']],
    promoteFeatureVersion: [[() => 'mutation { promoteFeatureVersion(input: { name: "loyalty" }) { configurationVersion } }', 'NOT_FOUND']],
    rollBackFeature: [[() => 'mutation { rollBackFeature(input: { name: "loyalty" }) { configurationVersion } }', 'NOT_FOUND']],
    saveFeatureBaseline: [[() => 'mutation { saveFeatureBaseline(input: { name: "loyalty", baseline: "b" }) { profile { customers } } }', 'NOT_FOUND']],
    deleteFeatureDefinition: [[() => 'mutation { deleteFeatureDefinition(input: { name: "loyalty" }) { id } }', 'NOT_FOUND']],
    alerts: [[() => '{ alerts { edges { cursor } } }', { edges: [] }]],
    apiKeys: [[() => '{ apiKeys { id } }', expect.any(Array)]],
    auditLog: [[() => '{ auditLog { edges { node { subject details } } } }', expect.anything()]],
    previewSegment: [[() => '{ previewSegment(condition: { inSegment: "vips" }) { count } }', 'INVALID_INPUT']],
    rebuilds: [[() => '{ rebuilds { target } }', []]],
    rebuild: [[() => 'mutation { rebuild(input: {}) { rebuilds { target } } }', { rebuilds: [] }]],
    searchCustomers: [[() => '{ searchCustomers(condition: { inSegment: "vips" }) { source } }', 'INVALID_INPUT']],
    explainMembership: [[() => '{ explainMembership(customerId: "ada", segment: "vips") { isMember } }', 'NOT_FOUND']],
    addToSegment: [[() => 'mutation { addToSegment(input: { segmentId: "vips", customerIds: ["ada"] }) { changed } }', 'NOT_FOUND']],
    removeFromSegment: [[() => 'mutation { removeFromSegment(input: { segmentId: "vips", customerIds: ["ada"] }) { changed } }', 'NOT_FOUND']],
    createSegment: [[() => 'mutation { createSegment(input: { id: "mine", name: "Mine", condition: { inSegment: "vips" } }) { configurationVersion } }', 'INVALID_INPUT']],
    updateSegment: [[() => 'mutation { updateSegment(input: { id: "vips", name: "Mine" }) { configurationVersion } }', 'NOT_FOUND']],
    deleteSegment: [[() => 'mutation { deleteSegment(input: { id: "vips" }) { id } }', 'NOT_FOUND']],
    deleteContent: [[() => 'mutation { deleteContent(input: { id: "boots" }) { id } }', 'NOT_FOUND']],
    upsertContent: [[() => 'mutation { upsertContent(input: { id: "boots", type: "product", title: "Mine", category: "c" }) { item { title } } }', { item: { title: 'Mine' } }]],
    upsertPlacement: [
      [() => `mutation { upsertPlacement(input: { ${placement}, scorer: { kind: model, modelId: "clicks" } }) { configurationVersion } }`, 'INVALID_INPUT'],
      [() => `mutation { upsertPlacement(input: { ${placement}, scorer: { kind: priority }, fallbackItemId: "sandals" }) { configurationVersion } }`, 'INVALID_INPUT'],
      [() => `mutation { upsertPlacement(input: { ${placement}, scorer: { kind: bandit }, bandit: { features: ["loyalty"], lambda: 1, alpha: 1 } }) { configurationVersion } }`, 'INVALID_INPUT'],
    ],
    saveRuleSet: [[() => 'mutation { saveRuleSet(input: { id: "mine", name: "Mine", rules: [{ id: "r", effect: exclude, reason: "r", when: { inSegment: "vips" } }] }) { configurationVersion } }', 'INVALID_INPUT']],
    publishRuleSet: [[() => 'mutation { publishRuleSet(input: { id: "main" }) { configurationVersion } }', 'NOT_FOUND']],
    saveExperiment: [[() => 'mutation { saveExperiment(input: { id: "trial", name: "T", placementId: "hero", arms: [{ id: "a", name: "A", weight: 0.5 }, { id: "b", name: "B", weight: 0.5 }] }) { configurationVersion } }', 'INVALID_INPUT']],
    startExperiment: [[() => 'mutation { startExperiment(input: { id: "trial" }) { configurationVersion } }', 'NOT_FOUND']],
    stopExperiment: [[() => 'mutation { stopExperiment(input: { id: "trial" }) { configurationVersion } }', 'NOT_FOUND']],
    registerModel: [[() => `mutation { registerModel(input: { ${model}, inputs: [{ source: feature, name: "loyalty", missing: 0, transform: { kind: number } }] }) { configurationVersion } }`, 'INVALID_INPUT']],
    setFeatures: [[() => 'mutation { setFeatures(input: { customers: [{ customerId: "ada", values: [{ name: "loyalty", value: 1 }] }] }) { changedCustomers } }', 'INVALID_INPUT']],
    upsertFeatureDefinition: [[() => 'mutation { upsertFeatureDefinition(input: { name: "loyalty", valueType: string, ttlMs: 1000 }) { featureDefinition { valueType } } }', { featureDefinition: { valueType: 'string' } }]],
    recordOutcomes: [[() => `mutation { recordOutcomes(input: [{ id: "o", decisionId: "${theirs.decisionId}", kind: CLICK }]) { accepted receipts { code } } }`, { accepted: 0, receipts: [{ code: 'UNKNOWN_DECISION' }] }]],
    ingestEvents: [[() => 'mutation { ingestEvents(input: [{ id: "e", customerId: "ada", type: "login" }]) { accepted } }', { accepted: 1 }]],
    eventTypes: [[() => '{ eventTypes { isDefined learned } }', Array.from({ length: 7 }, () => ({ isDefined: false, learned: null }))]],
    eventTypeVersions: [[() => '{ eventTypeVersions(name: "login") { version } }', []]],
    upsertEventType: [[() => 'mutation { upsertEventType(input: { name: "login", mode: warn }) { eventType { isDefined } } }', { eventType: { isDefined: true } }]],
    deleteEventType: [[() => 'mutation { deleteEventType(input: { name: "refund" }) { id } }', 'NOT_FOUND']],
    replayEvents: [[() => 'mutation { replayEvents(input: { from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }) { totalCustomers } }', { totalCustomers: 1 }]],
    rejectedEvents: [[() => '{ rejectedEvents { edges { cursor } } }', { edges: [] }]],
    resendRejectedEvents: [[() => 'mutation { resendRejectedEvents(input: {}) { accepted rejected } }', { accepted: 0, rejected: 0 }]],
    upsertCustomer: [[() => 'mutation { upsertCustomer(input: { id: "ada", attributes: { mine: true } }) { customer { attributes features { name } segments { id } } } }', { customer: { attributes: { mine: true }, features: [{ name: 'loyalty' }], segments: [] } }]],
    importDecisions: [[() => `mutation { importDecisions(input: { log: "l", placementId: "hero", candidateItemIds: ["boots"], decisions: [{ id: "${theirs.decisionId}", customerId: "ada", decidedAt: "2026-01-01T00:00:00Z", itemId: "boots", position: 1, propensity: 1, outcomes: [] }] }) { decisions } }`, 'INVALID_INPUT']],
    createApiKey: [[() => 'mutation { createApiKey(input: { name: "Mine", role: server }) { key { role } } }', { key: { role: 'server' } }]],
    revokeApiKey: [[() => `mutation { revokeApiKey(input: { id: "${theirs.keyId}" }) { key { id } } }`, 'NOT_FOUND']],
    createBrowserToken: [[() => 'mutation { createBrowserToken(input: { customerId: "ada" }) { expiresAt } }', { expiresAt: expect.any(String) }]],
  };

  it('are tried with every query and mutation that there is', () => {
    expect(Object.keys(table).sort()).toEqual(rootFields().map(([, it]) => it.name).sort());
  });

  const cases = Object.entries(table).flatMap(([name, tries]) => tries.map(([operation, answer], i) => [`${name} ${i + 1}`, name, operation, answer] as const));
  it.each(cases)('mean nothing to %s', async (_what, name, operation, answer) => {
    const before = await rowsOf(pool, shop);
    const reply = await askByHttp(shop, JSON.stringify({ query: operation() }), other.keys.admin);
    if (typeof answer === 'string') expectRefusal(reply, answer);
    else expect(JSON.parse(reply.text)).toEqual({ data: { [name]: answer } });
    expect(reply.text).not.toContain(planted);
    expect(reply.text).not.toContain(theirs.keyId);
    expect(reply.text).not.toMatch(/vips|sandals|clicks|trial/);
    expect(await rowsOf(pool, shop)).toBe(before);
  });

  it('are no segments to follow', async () => {
    expectRefusal(await askBySocket(shop, JSON.stringify({ query: 'subscription { segmentChanges(segment: "vips") { move } }' }), other.keys.admin), 'NOT_FOUND');
  });

  it('mean nothing to subscriptions', async () => {
    const subscribe = (placementId: string): string => JSON.stringify({ query: `subscription { decisionUpdates(customerId: "ada", placement: "${placementId}") { decision { isStranger } } }` });
    expectRefusal(await askBySocket(shop, subscribe('hero'), other.keys.admin), 'NOT_FOUND');
  });

  it('mean nothing to a token for a customer of the same name', async () => {
    const reply = await askByHttp(shop, JSON.stringify({ query: '{ personalize(customerId: "ada") { selectedContent { id title } } }' }), await other.keys.browser('ada'));
    expect(reply.text).not.toContain(planted);
    expect(codesOf(reply)).toEqual([]);
  });
});
