import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Runs in a thread of the pool. Sessions stay loaded, the one used longest ago goes first. */
const sessions = new Map<string, Promise<InferenceSession>>();
const mostSessions = 32;

export interface ScoreTask {
  readonly sha256: string;
  /** Sent where the thread has said that it lacks the model. */
  readonly bytes?: Uint8Array;
  /** Row-major [count, width], in shared memory or not. */
  readonly rows: Float32Array;
  readonly count: number;
  readonly width: number;
  readonly output: string;
}

export type ScoreResult = { readonly kind: 'scores'; readonly scores: Float32Array } | { readonly kind: 'modelMissing' };

/** Tells that the thread lives. */
export function ready(): void {
  // Being called is all.
}

export async function score({ sha256, bytes, rows, count, width, output }: ScoreTask): Promise<ScoreResult> {
  const session = await sessionOf(sha256, bytes);
  if (session === undefined) return { kind: 'modelMissing' };
  const [input] = session.inputNames;
  const answer = await session.run({ [input ?? 'input']: new Tensor('float32', ownCopy(rows), [count, width]) }, [output]);
  const data = answer[output]?.data;
  if (!(data instanceof Float32Array) || data.length !== count) throw new Error('The model answered with another shape than one number a row');
  return { kind: 'scores', scores: data };
}

let memory = new Float32Array(0);

/** The runtime takes no shared memory. Valid until the next call: batches run one after the other here. */
function ownCopy(rows: Float32Array): Float32Array {
  if (memory.length < rows.length) memory = new Float32Array(2 * rows.length);
  memory.set(rows);
  return memory.subarray(0, rows.length);
}

export async function inspect(bytes: Uint8Array): Promise<{ readonly inputWidth: number; readonly outputs: readonly string[] }> {
  const session = await load(bytes);
  const [input] = session.inputMetadata;
  const width = input?.isTensor === true && session.inputMetadata.length === 1 ? input.shape.at(-1) : undefined;
  await session.release();
  if (typeof width !== 'number') throw new Error('The model has to take one tensor [rows, inputs]');
  return { inputWidth: width, outputs: [...session.outputNames] };
}

async function sessionOf(sha256: string, bytes: Uint8Array | undefined): Promise<InferenceSession | undefined> {
  const known = sessions.get(sha256);
  if (known === undefined && bytes === undefined) return undefined;
  const session = known ?? load(bytes ?? new Uint8Array());
  sessions.delete(sha256);
  sessions.set(sha256, session);
  if (sessions.size > mostSessions) {
    const [oldest] = sessions.keys();
    if (oldest !== undefined) sessions.delete(oldest);
  }
  session.catch(() => sessions.delete(sha256));
  return session;
}

/** One intra-op thread each: the pool is what runs side by side. */
const load = (bytes: Uint8Array): Promise<InferenceSession> =>
  InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
