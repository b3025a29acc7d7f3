import { createHash } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DependencyUnavailable, InvalidInput, NotFound } from '../../src/kernel/errors.js';
import { seededRandom } from '../../src/kernel/random.js';
import type { ModelDefinition } from '../../src/models/model.js';
import { OnnxModelScorer } from '../../src/models/model-scorer.onnx.js';
import { encodeLogisticAsOnnx, logisticOutput } from '../../src/models/onnx-logistic.js';

const width = 5;
const random = seededRandom(3);
const weights = Float32Array.from({ length: width }, () => random() * 4 - 2);
const bias = 0.25;
const bytes = encodeLogisticAsOnnx({ weights, bias });

const digest = (artifact: Uint8Array): string => createHash('sha256').update(artifact).digest('hex');

function modelOf(artifact: Uint8Array): ModelDefinition {
  return {
    id: 'clicks', name: '', description: '', runtime: 'onnx', output: logisticOutput,
    artifact: digest(artifact),
    inputs: Array.from({ length: width }, (_, i) => ({ source: 'feature' as const, name: `f${i}`, transform: { kind: 'number' as const, scale: 1, offset: 0 }, missing: 0 })),
  };
}

const rowsOf = (count: number): Float32Array => Float32Array.from({ length: count * width }, () => random() * 2 - 1);
const expected = (rows: Float32Array): readonly number[] =>
  Array.from({ length: rows.length / width }, (_, row) => {
    const sum = weights.reduce((total, weight, i) => total + weight * (rows[row * width + i] ?? 0), bias);
    return 1 / (1 + Math.exp(-sum));
  });

/** What the attempt fails by, once it does: the dead may have been replaced before the work comes. */
async function failureOf(attempt: () => Promise<unknown>): Promise<unknown> {
  for (let i = 0; i < 50; i++) {
    const failure: unknown = await attempt().then(() => undefined, (error: unknown) => error);
    if (failure !== undefined) return failure;
  }
  throw new Error('It never failed');
}

const broken = Uint8Array.of(1, 2, 3);
const opposite = encodeLogisticAsOnnx({ weights: weights.map(it => -it), bias: -bias });

/** Tenants have artifacts of their own. */
function artifactsOf(tenants: Readonly<Record<string, readonly Uint8Array[]>>): { readonly get: (tenantId: string, sha256: string) => Promise<Uint8Array>; reads: number } {
  const artifacts = {
    reads: 0,
    get: async (tenantId: string, sha256: string): Promise<Uint8Array> => {
      artifacts.reads += 1;
      const found = tenants[tenantId]?.find(it => digest(it) === sha256);
      if (found === undefined) throw new NotFound('There is no such model artifact');
      return found;
    },
  };
  return artifacts;
}

describe('OnnxModelScorer', () => {
  const artifacts = artifactsOf({ acme: [bytes, broken], zenith: [opposite] });
  let failures: unknown[] = [];
  const scorer = new OnnxModelScorer({ threads: 1, inPlaceMicroseconds: 0, artifacts, onFailure: error => failures.push(error) });
  beforeEach(() => { failures = []; });
  afterAll(() => scorer.close());
  const score = (rows: Float32Array, timeoutMs = 5000, model = modelOf(bytes)) =>
    scorer.score('acme', { model, rows, count: rows.length / width, timeoutMs });

  it('answers as the formula does', async () => {
    const rows = rowsOf(20);
    const scores = await score(rows);
    expected(rows).forEach((value, i) => { expect(scores[i]).toBeCloseTo(value, 6); });
  });

  it('puts the rows of calls that overlap into one batch, and gives each its own', async () => {
    await score(rowsOf(1));
    const before = scorer.batches;
    const calls = Array.from({ length: 32 }, (_, i) => rowsOf(1 + (i % 7)));
    const answers = await Promise.all(calls.map(rows => score(rows)));
    calls.forEach((rows, i) => {
      expect(answers[i]).toHaveLength(rows.length / width);
      expected(rows).forEach((value, row) => { expect(answers[i]?.[row]).toBeCloseTo(value, 6); });
    });
    expect(scorer.batches - before).toBe(1);
  });

  it('fails what a dying worker had under way, and goes on with a new one', async () => {
    await score(rowsOf(1));
    expect(await failureOf(async () => {
      const ended = scorer.threads.map(it => it.terminate());
      const pending = score(rowsOf(1));
      await Promise.all(ended);
      return pending;
    })).toBeInstanceOf(DependencyUnavailable);
    expect(failures).not.toHaveLength(0);
    const rows = rowsOf(3);
    const scores = await score(rows);
    expected(rows).forEach((value, i) => { expect(scores[i]).toBeCloseTo(value, 6); });
  });

  it('goes on where an idle worker was killed', async () => {
    await Promise.all(scorer.threads.map(it => it.terminate()));
    const rows = rowsOf(2);
    expect((await score(rows))[0]).toBeCloseTo(expected(rows)[0] ?? Number.NaN, 6);
  });

  it('answers late callers that it is late, and computes nothing for those whose turn never came', async () => {
    let release: (bytes: Uint8Array) => void = () => undefined;
    let asked: () => void = () => undefined;
    const reading = new Promise<void>(resolve => { asked = resolve; });
    const get = (): Promise<Uint8Array> => new Promise(resolve => {
      release = resolve;
      asked();
    });
    const held = new OnnxModelScorer({ threads: 1, inPlaceMicroseconds: 0, artifacts: { get }, onFailure: error => failures.push(error) });
    const ask = (timeoutMs: number): Promise<Float32Array> => held.score('acme', { model: modelOf(bytes), rows: rowsOf(1), count: 1, timeoutMs });
    try {
      const patient = ask(20_000);
      await reading;
      await expect(ask(1)).rejects.toThrow(DependencyUnavailable);
      release(bytes);
      await patient;
      expect(held.batches).toBe(1);
    } finally {
      await held.close();
    }
  });

  it('closes a batch that is full: who comes behind is in the next one', async () => {
    await score(rowsOf(1));
    const before = scorer.batches;
    const calls = Array.from({ length: 5 }, () => rowsOf(8192));
    const answers = await Promise.all(calls.map(rows => score(rows)));
    expect(scorer.batches - before).toBe(3);
    answers.forEach((scores, i) => { expect(scores[8191]).toBeCloseTo(expected(calls[i] ?? new Float32Array())[8191] ?? Number.NaN, 6); });
  });

  it('runs for each tenant the models that are its own', async () => {
    const rows = rowsOf(4);
    const model = modelOf(opposite);
    const theirs = await scorer.score('zenith', { model, rows, count: 4, timeoutMs: 5000 });
    expected(rows).forEach((value, i) => { expect(theirs[i]).toBeCloseTo(1 - value, 6); });
  });

  it('hands a model over once to each thread', async () => {
    await score(rowsOf(1));
    const before = artifacts.reads;
    for (let i = 0; i < 5; i++) await score(rowsOf(3));
    expect(artifacts.reads).toBe(before);
  });

  it('fails for an artifact that is no model', async () => {
    await expect(score(rowsOf(1), 5000, modelOf(broken))).rejects.toThrow(DependencyUnavailable);
  });

  it('fails for numbers that are not finite', async () => {
    await expect(score(Float32Array.of(Number.NaN, 0, 0, 0, 0))).rejects.toThrow(DependencyUnavailable);
  });

  it('says what a model takes and answers, and refuses what is none', async () => {
    expect(await scorer.inspect(bytes)).toEqual({ inputWidth: width, outputs: [logisticOutput] });
    await expect(scorer.inspect(Uint8Array.of(9, 9, 9))).rejects.toThrow(InvalidInput);
  });

  it('counts no output that is not one number a row', async () => {
    const eight = encodeLogisticAsOnnx({ weights: new Float32Array(8), bias: 0 });
    const [weights, rows] = [Buffer.of(8, 8, 8, 1), Buffer.of(10, 2, 8, 8)];
    const file = Buffer.from(eight);
    Buffer.of(8, 4, 8, 2).copy(file, file.indexOf(weights)); // the same weights as four rows of two
    Buffer.of(10, 2, 8, 4).copy(file, file.indexOf(rows));
    expect(await scorer.inspect(eight)).toEqual({ inputWidth: 8, outputs: [logisticOutput] });
    expect(await scorer.inspect(file)).toEqual({ inputWidth: 4, outputs: [] });
  });
});

describe('OnnxModelScorer in place', () => {
  const artifacts = artifactsOf({ acme: [bytes, broken] });
  let failures: unknown[] = [];
  const newScorer = (inPlaceMicroseconds: number): OnnxModelScorer =>
    new OnnxModelScorer({ threads: 1, inPlaceMicroseconds, artifacts, onFailure: error => failures.push(error) });
  const scorer = newScorer(10_000);
  beforeEach(() => { failures = []; });
  afterAll(() => scorer.close());
  const score = (rows: Float32Array, model = modelOf(bytes), by = scorer): Promise<Float32Array> =>
    by.score('acme', { model, rows, count: rows.length / width, timeoutMs: 5000 });

  it('runs a small model without threads from the moment that one has loaded it, and answers the same', async () => {
    await score(rowsOf(1));
    const ended = scorer.threads.map(it => it.terminate());
    const calls = Array.from({ length: 32 }, (_, i) => rowsOf(1 + (i % 7)));
    const before = scorer.batches;
    const answers = await Promise.all(calls.map(rows => score(rows)));
    await Promise.all(ended);
    expect(scorer.batches - before).toBe(1);
    expect(failures).toEqual([]);
    calls.forEach((rows, i) => {
      expect(answers[i]).toHaveLength(rows.length / width);
      expected(rows).forEach((value, row) => { expect(answers[i]?.[row]).toBeCloseTo(value, 6); });
    });
  });

  it('loads it beforehand where it is to be warm', async () => {
    const warm = newScorer(10_000);
    try {
      await warm.warm('acme', modelOf(bytes));
      const before = artifacts.reads;
      const rows = rowsOf(3);
      expect((await score(rows, modelOf(bytes), warm))[2]).toBeCloseTo(expected(rows)[2] ?? Number.NaN, 6);
      expect(artifacts.reads).toBe(before);
    } finally {
      await warm.close();
    }
  });

  it('leaves to the threads what takes longer', async () => {
    const strict = newScorer(0.001);
    try {
      await score(rowsOf(1), modelOf(bytes), strict);
      expect(await failureOf(async () => {
        const ended = strict.threads.map(it => it.terminate());
        const pending = score(rowsOf(1), modelOf(bytes), strict);
        await Promise.all(ended);
        return pending;
      })).toBeInstanceOf(DependencyUnavailable);
    } finally {
      await strict.close();
    }
  });

  it('fails for what fails in a thread', async () => {
    await score(rowsOf(1));
    await expect(score(Float32Array.of(Number.NaN, 0, 0, 0, 0))).rejects.toThrow(DependencyUnavailable);
    await expect(score(rowsOf(1), { ...modelOf(bytes), output: 'other' })).rejects.toThrow(DependencyUnavailable);
    await expect(score(rowsOf(1), modelOf(broken))).rejects.toThrow(DependencyUnavailable);
    expect(failures).toHaveLength(3);
    const rows = rowsOf(2);
    expect((await score(rows))[0]).toBeCloseTo(expected(rows)[0] ?? Number.NaN, 6);
  });
});
