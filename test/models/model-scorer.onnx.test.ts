import { createHash } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DependencyUnavailable, InvalidInput } from '../../src/kernel/errors.js';
import { seededRandom } from '../../src/kernel/random.js';
import type { ModelDefinition } from '../../src/models/model.js';
import { OnnxModelScorer } from '../../src/models/model-scorer.onnx.js';
import { encodeLogisticAsOnnx, logisticOutput } from '../../src/models/onnx-logistic.js';

const width = 5;
const random = seededRandom(3);
const weights = Float32Array.from({ length: width }, () => random() * 4 - 2);
const bias = 0.25;
const bytes = encodeLogisticAsOnnx({ weights, bias });

function modelOf(artifact: Uint8Array): ModelDefinition {
  return {
    id: 'clicks', name: '', description: '', runtime: 'onnx', output: logisticOutput,
    artifact: createHash('sha256').update(artifact).digest('hex'),
    inputs: Array.from({ length: width }, (_, i) => ({ source: 'feature' as const, name: `f${i}`, transform: { kind: 'number' as const, scale: 1, offset: 0 }, missing: 0 })),
  };
}

const rowsOf = (count: number): Float32Array => Float32Array.from({ length: count * width }, () => random() * 2 - 1);
const expected = (rows: Float32Array): readonly number[] =>
  Array.from({ length: rows.length / width }, (_, row) => {
    const sum = weights.reduce((total, weight, i) => total + weight * (rows[row * width + i] ?? 0), bias);
    return 1 / (1 + Math.exp(-sum));
  });

describe('OnnxModelScorer', () => {
  const artifacts = new Map([modelOf(bytes).artifact, modelOf(Uint8Array.of(1, 2, 3)).artifact].map((sha, i) => [sha, i === 0 ? bytes : Uint8Array.of(1, 2, 3)]));
  let failures: unknown[] = [];
  const scorer = new OnnxModelScorer({
    threads: 1,
    artifacts: { get: async (_tenant, sha) => artifacts.get(sha) ?? Promise.reject(new Error('unknown')) },
    onFailure: error => failures.push(error),
  });
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
    const pending = score(rowsOf(200_000));
    const failed = expect(pending).rejects.toThrow(DependencyUnavailable);
    const before = scorer.batches;
    while (scorer.batches === before) await new Promise(resolve => setImmediate(resolve));
    await Promise.all(scorer.threads.map(it => it.terminate()));
    await failed;
    expect(failures).not.toHaveLength(0);
    const rows = rowsOf(3);
    const scores = await score(rows);
    expected(rows).forEach((value, i) => { expect(scores[i]).toBeCloseTo(value, 6); });
  });

  it('answers late callers that it is late', async () => {
    await expect(score(rowsOf(300_000), 1)).rejects.toThrow(DependencyUnavailable);
  });

  it('fails for an artifact that is no model', async () => {
    await expect(score(rowsOf(1), 5000, modelOf(Uint8Array.of(1, 2, 3)))).rejects.toThrow(DependencyUnavailable);
  });

  it('fails for numbers that are not finite', async () => {
    await expect(score(Float32Array.of(Number.NaN, 0, 0, 0, 0))).rejects.toThrow(DependencyUnavailable);
  });

  it('says what a model takes and answers, and refuses what is none', async () => {
    expect(await scorer.inspect(bytes)).toEqual({ inputWidth: width, outputs: [logisticOutput] });
    await expect(scorer.inspect(Uint8Array.of(9, 9, 9))).rejects.toThrow(InvalidInput);
  });
});
