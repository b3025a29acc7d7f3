import { createHash } from 'node:crypto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { modelInputs } from './scenario.js';
import { median } from './measure.js';
import { seededRandom } from '../src/kernel/random.js';
import { widthOf } from '../src/models/input-contract.js';
import type { ModelDefinition } from '../src/models/model.js';
import { OnnxModelScorer } from '../src/models/model-scorer.onnx.js';
import { encodeLogisticAsOnnx, logisticOutput } from '../src/models/onnx-logistic.js';

const rowsOfCall = 20;
const callers = 64;
const callsEach = 200;
const runs = 7;

export interface InferenceFigures {
  /** Rows a second that 64 callers at once, each with 20 rows a call, get through the port. */
  readonly rowsPerSecond: number;
  /** The same calls one after the other on a session in this thread, without any port: the floor. */
  readonly rawRowsPerSecond: number;
  /** In batches of 64 rows, one after the other, on the same session. */
  readonly rawRowsPerSecondBy64: number;
  /** Their rows in batches as large as the port made them, on the same session. */
  readonly rawBatchedRowsPerSecond: number;
  readonly callsPerBatch: number;
  /** Median of a call with nobody else about, in microseconds. */
  readonly loneCallMicroseconds: number;
  readonly rawLoneCallMicroseconds: number;
}

/**
 * A logistic model of the scenario's inputs, through the port, beside ONNX Runtime alone.
 * @param inPlaceMicroseconds 0: in worker threads
 */
export async function benchInference(inPlaceMicroseconds: number): Promise<InferenceFigures> {
  const width = widthOf(modelInputs);
  const random = seededRandom(5);
  const bytes = encodeLogisticAsOnnx({ weights: Float32Array.from({ length: width }, () => random() - 0.5), bias: -1 });
  const model: ModelDefinition = {
    id: 'clicks', name: '', description: '', runtime: 'onnx', inputs: modelInputs, output: logisticOutput,
    artifact: createHash('sha256').update(bytes).digest('hex'),
  };
  const rows = Float32Array.from({ length: rowsOfCall * width }, () => random());
  const session = await InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 });
  const raw = async (count: number, of: Float32Array): Promise<unknown> => session.run({ input: new Tensor('float32', of, [count, width]) }, [logisticOutput]);
  const scorer = new OnnxModelScorer({ threads: 2, inPlaceMicroseconds, artifacts: { get: async () => bytes }, onFailure: error => { throw error; } });
  const call = (): Promise<unknown> => scorer.score('bench', { model, rows, count: rowsOfCall, timeoutMs: 5000 });
  const crowd = async (): Promise<void> => {
    await Promise.all(Array.from({ length: callers }, async () => {
      for (let i = 0; i < callsEach; i++) await call();
    }));
  };
  try {
    await crowd();
    const before = scorer.batches;
    const port = await secondsOf(crowd);
    const callsPerBatch = (runs * callers * callsEach) / (scorer.batches - before);
    const perBatch = Math.round(callsPerBatch) * rowsOfCall;
    const batch = Float32Array.from({ length: perBatch * width }, () => random());
    const alone = await secondsOf(async () => { for (let i = 0; i < 2000; i++) await raw(rowsOfCall, rows); });
    const of64 = Float32Array.from({ length: 64 * width }, () => random());
    const by64 = await secondsOf(async () => { for (let i = 0; i < 2000; i++) await raw(64, of64); });
    const batched = await secondsOf(async () => { for (let i = 0; i < 400; i++) await raw(perBatch, batch); });
    return {
      rowsPerSecond: (callers * callsEach * rowsOfCall) / port,
      rawRowsPerSecond: (2000 * rowsOfCall) / alone,
      rawRowsPerSecondBy64: (2000 * 64) / by64,
      rawBatchedRowsPerSecond: (400 * perBatch) / batched,
      callsPerBatch,
      loneCallMicroseconds: await microsecondsOf(call),
      rawLoneCallMicroseconds: await microsecondsOf(() => raw(rowsOfCall, rows)),
    };
  } finally {
    await scorer.close();
    await session.release();
  }
}

/** Median of some runs. */
async function secondsOf(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    await work();
    times.push((performance.now() - started) / 1000);
  }
  return median(times);
}

async function microsecondsOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 1000; i++) {
    const started = performance.now();
    await work();
    times.push((performance.now() - started) * 1000);
  }
  return median(times.slice(200));
}
