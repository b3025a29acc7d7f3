import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ModelInput } from '../../src/models/input-contract.js';
import { OnnxModelScorer } from '../../src/models/model-scorer.onnx.js';
import { encodeLogisticAsOnnx, logisticOutput } from '../../src/models/onnx-logistic.js';

describe('encodeLogisticAsOnnx', () => {
  const files = new Map<string, Uint8Array>();
  const scorer = new OnnxModelScorer({
    threads: 1,
    inPlaceMicroseconds: 0,
    artifacts: { get: async (_tenant, sha256) => files.get(sha256) ?? new Uint8Array() },
    onFailure: error => { throw error; },
  });
  afterAll(() => scorer.close());
  const column: ModelInput = { source: 'feature', name: 'x', transform: { kind: 'number', scale: 1, offset: 0 }, missing: 0 };
  const float = fc.double({ min: -3, max: 3, noNaN: true });

  it('writes a file that ONNX Runtime reads as σ(w·x + b), to 1e-6', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }).chain(width => fc.tuple(fc.array(float, { minLength: width, maxLength: width }), float, fc.array(fc.array(float, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 3 }))), async ([given, bias, rows]) => {
        const weights = Float32Array.from(given, it => it / Math.sqrt(given.length));
        const bytes = encodeLogisticAsOnnx({ weights, bias });
        const artifact = createHash('sha256').update(bytes).digest('hex');
        files.set(artifact, bytes);
        expect(await scorer.inspect(bytes)).toEqual({ inputWidth: weights.length, outputs: [logisticOutput] });
        const scores = await scorer.score('acme', {
          model: { id: 'm', name: '', description: '', runtime: 'onnx', artifact, inputs: rows[0]?.map(() => column) ?? [], output: logisticOutput },
          rows: Float32Array.from(rows.flat()), count: rows.length, timeoutMs: 20_000,
        });
        rows.forEach((row, i) => {
          const z = row.reduce((sum, value, k) => sum + (weights[k] ?? 0) * Math.fround(value), bias);
          expect(Math.abs((scores[i] ?? Number.NaN) - 1 / (1 + Math.exp(-z)))).toBeLessThan(1e-6);
        });
      }),
      { numRuns: 40 },
    );
  });
});
