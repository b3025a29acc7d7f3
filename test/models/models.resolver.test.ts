import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { attributes } from '../../src/customers/attribute.schema.js';
import { NotFound } from '../../src/kernel/errors.js';
import { modelArtifacts } from '../../src/models/models.module.js';
import { put } from '../../src/tenants/definition-kind.js';
import { testDatabase } from '../support/postgres.js';
import { Api, home, score } from '../tenants/api.js';

const { pool } = await testDatabase();
const api = new Api(pool);
const artifacts = modelArtifacts(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await api.newTenant();
  await api.set(tenant, 'upsertFeatureDefinition', score);
  api.inspected = { inputWidth: 5, outputs: ['label', 'click'] };
});

const bytes = randomBytes(5000);
const inputs = [
  { source: 'feature', name: 'score', transform: { kind: 'number', scale: 2 }, missing: -1 },
  { source: 'item', name: 'category', transform: { kind: 'oneHot', values: ['shoes', 'hats'] }, missing: 0 },
  { source: 'context', name: 'hour', transform: { kind: 'cyclic', period: 24 }, missing: 0 },
];
const model = { id: 'ctr', name: 'Clicks', artifact: bytes.toString('base64'), inputs, output: 'click' };
const everything = 'id name description runtime artifact inputWidth output inputs { source name transform { kind scale offset values period } missing }';
const stored = async (): Promise<number> => (await pool.query('SELECT 1 FROM model_artifacts WHERE tenant_id = $1', [tenant])).rows.length;

describe('models', () => {
  it('are answered as they were registered, their artifact by its SHA-256', async () => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { data } = await api.change(tenant, 'registerModel', model, `configurationVersion model { ${everything} }`);
    const nothing = { scale: null, offset: null, values: null, period: null };
    const answer = {
      id: 'ctr', name: 'Clicks', description: '', runtime: 'onnx', artifact: sha256, inputWidth: 5, output: 'click',
      inputs: [
        { ...inputs[0], transform: { ...nothing, kind: 'number', scale: 2, offset: 0 } },
        { ...inputs[1], transform: { ...nothing, kind: 'oneHot', values: ['shoes', 'hats'] } },
        { ...inputs[2], transform: { ...nothing, kind: 'cyclic', period: 24 } },
      ],
    };
    expect(data.it).toEqual({ configurationVersion: 2, model: answer });
    expect((await api.ask(tenant, `{ model(id: "ctr") { ${everything} } no: model(id: "no") { id } }`)).data).toEqual({ model: answer, no: null });
    expect(Buffer.from(await artifacts.get(tenant, sha256)).equals(bytes)).toBe(true);
  });

  it('are given nothing that is personal', async () => {
    await api.tenants.definitions.change(tenant, 'test', [put(attributes, 'age', { name: 'age', description: '', valueType: 'number', personal: true })]);
    const given = [...inputs, { source: 'attribute', name: 'age', transform: { kind: 'number' }, missing: 0 }];
    expect((await api.change(tenant, 'registerModel', { ...model, inputs: given })).refusals).toEqual([['INVALID_INPUT', '/inputs/3/name']]);
  });

  it('keep the artifacts of earlier versions', async () => {
    await api.set(tenant, 'registerModel', model);
    await api.set(tenant, 'registerModel', { ...model, artifact: randomBytes(100).toString('base64') });
    await api.set(tenant, 'registerModel', model);
    expect(await stored()).toBe(2);
    expect(await api.version(tenant)).toBe(4);
  });

  it("keep artifacts within the tenant", async () => {
    const sha256 = await artifacts.put(tenant, bytes);
    await expect(artifacts.get(await api.newTenant(), sha256)).rejects.toThrow(NotFound);
  });

  it('are the scorers of placements, and reachable from them', async () => {
    await api.set(tenant, 'registerModel', model);
    await api.set(tenant, 'upsertPlacement', { ...home, scorer: { kind: 'model', modelId: 'ctr' } });
    expect((await api.ask(tenant, '{ placements { scorer { modelId model { name } } } }')).data.placements).toEqual([{ scorer: { modelId: 'ctr', model: { name: 'Clicks' } } }]);
  });

  it('read features of categories that need not be there yet', async () => {
    api.inspected = { inputWidth: 1, outputs: ['click'] };
    await api.set(tenant, 'registerModel', { ...model, inputs: [{ ...inputs[0], name: 'affinity_{category}' }] });
  });

  it.each<[string, object, string]>([
    ['an artifact that is no base64', { artifact: 'abc' }, '/artifact'],
    ['an empty artifact', { artifact: '' }, '/artifact'],
    ['another width than the artifact takes', { inputs: inputs.slice(0, 2) }, '/inputs'],
    ['an output that the artifact does not have', { output: 'other' }, '/output'],
    ['no inputs', { inputs: [] }, '/inputs'],
    ['an unknown feature', { inputs: [{ ...inputs[0], name: 'no' }] }, '/inputs/0/name'],
    ['a transform that does not take the type', { inputs: [{ ...inputs[0], transform: { kind: 'count' } }] }, '/inputs/0/transform'],
    ['a part that the transform does not have', { inputs: [{ ...inputs[0], transform: { kind: 'number', period: 1 } }] }, '/inputs/0/transform'],
    ['a period of nothing', { inputs: [{ ...inputs[2], transform: { kind: 'cyclic', period: 0 } }] }, '/inputs/0/transform/period'],
    ['one-hot columns of nothing', { inputs: [{ ...inputs[1], transform: { kind: 'oneHot', values: [] } }] }, '/inputs/0/transform/values'],
  ])('refuse %s and keep nothing', async (_what, part, path) => {
    expect((await api.change(tenant, 'registerModel', { ...model, ...part })).refusals).toEqual([['INVALID_INPUT', path]]);
    expect([await api.version(tenant), await stored()]).toEqual([1, 0]);
  });

  it('refuse an artifact of more than 4 MiB', async () => {
    const artifact = Buffer.alloc(4 * 1024 * 1024 + 3).toString('base64');
    expect((await api.change(tenant, 'registerModel', { ...model, artifact })).refusals).toEqual([['LIMIT_EXCEEDED', '/artifact']]);
  });

  it("are each tenant's own, for servers and admins to read and for admins to register", async () => {
    await api.set(tenant, 'registerModel', model);
    const other = await api.newTenant();
    expect((await api.ask(other, '{ model(id: "ctr") { id } }')).data.model).toBeNull();
    expect((await api.change(other, 'upsertPlacement', { ...home, scorer: { kind: 'model', modelId: 'ctr' } })).refusals).toEqual([['INVALID_INPUT', '/scorer/modelId']]);
    expect((await api.ask(tenant, '{ model(id: "ctr") { id } }', {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    const register = 'mutation($input: RegisterModelInput!) { registerModel(input: $input) { configurationVersion } }';
    expect((await api.ask(tenant, register, { input: model }, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});
