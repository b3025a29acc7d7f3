import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface ScoreTask {
  readonly sha256: string;
  /** Given where it was said that the model is missing. */
  readonly bytes?: Uint8Array;
  /** Row-major [count, width], in shared memory or not. */
  readonly rows: Float32Array;
  readonly count: number;
  readonly width: number;
  readonly output: string;
}

export type ScoreResult =
  | {
    readonly kind: 'scores';
    readonly scores: Float32Array;
    /** What 64 rows cost this model, as measured when it was loaded. */
    readonly microseconds: number;
  }
  | { readonly kind: 'modelMissing' };

interface Loaded {
  readonly session: InferenceSession;
  readonly microseconds: number;
}

const mostSessions = 32;
const trialRows = 64;
const trials = 3;

/** Models that are loaded in this thread; the one used longest ago goes first. */
export class OnnxSessions {
  readonly #loaded = new Map<string, Promise<Loaded>>();
  #memory = new Float32Array(0);

  async score(task: ScoreTask): Promise<ScoreResult> {
    const loaded = this.#find(task);
    if (loaded === undefined) return { kind: 'modelMissing' };
    const { session, microseconds } = await loaded;
    return { kind: 'scores', scores: await run(session, { ...task, rows: this.#own(task.rows) }), microseconds };
  }

  #find(task: ScoreTask): Promise<Loaded> | undefined {
    const { sha256, bytes } = task;
    const known = this.#loaded.get(sha256);
    if (known === undefined && bytes === undefined) return undefined;
    const loaded = known ?? tried(bytes ?? new Uint8Array(), task);
    this.#loaded.delete(sha256);
    this.#loaded.set(sha256, loaded);
    if (this.#loaded.size > mostSessions) {
      const [oldest] = this.#loaded.keys();
      if (oldest !== undefined) this.#loaded.delete(oldest);
    }
    loaded.catch(() => this.#loaded.delete(sha256));
    return loaded;
  }

  /** The runtime takes no shared memory. A copy is valid until the next call: a thread runs its batches one after the other. */
  #own(rows: Float32Array): Float32Array {
    if (rows.buffer instanceof ArrayBuffer) return rows;
    if (this.#memory.length < rows.length) this.#memory = new Float32Array(2 * rows.length);
    this.#memory.set(rows);
    return this.#memory.subarray(0, rows.length);
  }
}

/** One intra-op thread each: the pool is what runs side by side. */
export const loadSession = (bytes: Uint8Array): Promise<InferenceSession> =>
  InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });

/** Loads a model and takes its time: the best of some, since others run beside it. */
async function tried(bytes: Uint8Array, { width, output }: ScoreTask): Promise<Loaded> {
  const session = await loadSession(bytes);
  const trial = { rows: new Float32Array(trialRows * width), count: trialRows, width, output };
  let microseconds = Number.POSITIVE_INFINITY;
  for (let i = 0; i < trials; i++) {
    const started = performance.now();
    await run(session, trial);
    microseconds = Math.min(microseconds, (performance.now() - started) * 1000);
  }
  return { session, microseconds };
}

/** Names of the outputs that are one number a row. */
export async function scoringOutputs(session: InferenceSession, width: number): Promise<readonly string[]> {
  const answer = await session.run({ [inputOf(session)]: rowsTensor(new Float32Array(trialRows * width), trialRows, width) });
  return session.outputNames.filter(name => areScores(answer[name]?.data, trialRows));
}

async function run(session: InferenceSession, { rows, count, width, output }: Pick<ScoreTask, 'rows' | 'count' | 'width' | 'output'>): Promise<Float32Array> {
  const answer = await session.run({ [inputOf(session)]: rowsTensor(rows, count, width) }, [output]);
  const data = answer[output]?.data;
  if (!areScores(data, count)) throw new Error('The model answered with another shape than one number a row');
  return data;
}

const inputOf = ({ inputNames: [name] }: InferenceSession): string => name ?? 'input';
const rowsTensor = (rows: Float32Array, count: number, width: number): Tensor => new Tensor('float32', rows, [count, width]);
const areScores = (data: unknown, count: number): data is Float32Array => data instanceof Float32Array && data.length === count;
