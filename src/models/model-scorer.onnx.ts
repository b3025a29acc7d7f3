import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { DependencyUnavailable, InvalidInput } from '../kernel/errors.js';
import type { InspectedModel } from './check-model.js';
import { widthOf } from './input-contract.js';
import type { ModelArtifacts } from './model-artifacts.js';
import type { ModelDefinition } from './model.js';
import type { ModelScorer, ScoreBatch } from './model-scorer.js';
import { OnnxSessions, type ScoreResult, type ScoreTask } from './sessions.onnx.js';

/** Compiled code: threads load it without the loader that tests and benchmarks run the sources by. */
const workerFile = fileURLToPath(new URL('./onnx.worker.js', import.meta.url.replace('/src/models/', '/dist/models/')));

interface Call {
  readonly rows: Float32Array;
  readonly count: number;
  /** Its caller has been told that it is late. */
  isLate: boolean;
  readonly resolve: (scores: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  readonly tenantId: string;
  readonly model: ModelDefinition;
  readonly width: number;
  waiting: Call[];
  isScheduled: boolean;
  /** Batches under way. */
  running: number;
}

/** A batch is closed with the call that reaches this many rows. */
const fullBatchRows = 16_384;
/** Of one model; who comes when more are waiting is turned away at once. */
const mostCallsWaiting = 10_000;
const reviveMs = 100;

export interface OnnxScorerOptions {
  /** At least 1. */
  readonly threads: number;
  /** A model that takes no longer for 64 rows runs in the thread of its callers; 0 for none. */
  readonly inPlaceMicroseconds: number;
  readonly artifacts: Pick<ModelArtifacts, 'get'>;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Runs ONNX models in worker threads, and small ones where they are asked once a thread has loaded them and taken their time: handing over
 * would cost more than they do. While a model's batch is under way, rows for it gather; they are the next batch.
 */
export class OnnxModelScorer implements ModelScorer {
  readonly #pool: Piscina;
  readonly #options: OnnxScorerOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #own = new OnnxSessions();
  /** By their artifacts. */
  readonly #small = new Set<string>();
  /** Free ones. */
  readonly #rooms: SharedArrayBuffer[] = [];
  #batches = 0;
  #closed = false;

  constructor(options: OnnxScorerOptions) {
    this.#options = options;
    this.#pool = new Piscina({ filename: workerFile, minThreads: options.threads, maxThreads: options.threads, concurrentTasksPerWorker: 1 });
    this.#pool.on('error', options.onFailure);
    this.#pool.on('workerDestroy', () => setTimeout(() => { this.#revive(); }, reviveMs).unref());
  }

  /** Batches run so far. */
  get batches(): number {
    return this.#batches;
  }

  /** For a test that ends one, as a crash would. */
  get threads(): Piscina['threads'] {
    return this.#pool.threads;
  }

  score(tenantId: string, { model, rows, count, timeoutMs }: ScoreBatch): Promise<Float32Array> {
    const queue = this.#queueOf(tenantId, model);
    if (queue.waiting.length >= mostCallsWaiting) return Promise.reject(new DependencyUnavailable('Too many calls wait for the model'));
    return new Promise<Float32Array>((resolve, reject) => {
      const call: Call = { rows, count, isLate: false, resolve, reject };
      // What runs in place is the next thing that this thread does: no timer would end before it.
      queue.waiting.push(this.#small.has(model.artifact) ? call : timed(call, timeoutMs));
      this.#schedule(queue);
    });
  }

  /** Loads the model in every thread, so that the first who asks need not wait for it. */
  async warm(tenantId: string, model: ModelDefinition): Promise<void> {
    const bytes = await this.#options.artifacts.get(tenantId, model.artifact);
    const width = widthOf(model.inputs);
    const task: ScoreTask = { sha256: model.artifact, bytes, rows: new Float32Array(width), count: 1, width, output: model.output };
    await Promise.all(this.#pool.threads.map(() => this.#send(task)));
    if (this.#small.has(task.sha256)) await this.#own.score(task);
  }

  /** @throws InvalidInput for bytes that are no such model */
  async inspect(bytes: Uint8Array): Promise<InspectedModel> {
    try {
      return (await this.#pool.run(bytes, { name: 'inspect' })) as InspectedModel;
    } catch (cause) {
      throw new InvalidInput('These bytes are no ONNX model that takes one tensor [rows, inputs] of float32', { cause, details: { path: '/artifact' } });
    }
  }

  /** Resolves when what is under way is done: a thread that is ended inside the runtime takes the whole process with it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.close();
  }

  /** The pool replaces no thread once one has died before it was ready; batches would wait for one forever. It does start one for whoever asks. */
  #revive(): void {
    if (!this.#closed && this.#pool.threads.length < this.#options.threads) this.#pool.run(undefined, { name: 'ready' }).catch(this.#options.onFailure);
  }

  #queueOf(tenantId: string, model: ModelDefinition): Queue {
    const key = keyOf(tenantId, model);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { tenantId, model, width: widthOf(model.inputs), waiting: [], isScheduled: false, running: 0 };
      this.#queues.set(key, queue);
    }
    return queue;
  }

  /** At the end of this turn of the event loop, with all calls that come in it; unless each thread has a batch of the model already. */
  #schedule(queue: Queue): void {
    if (queue.isScheduled || queue.running >= this.#options.threads) return;
    queue.isScheduled = true;
    setImmediate(() => void this.#work(queue));
  }

  async #work(queue: Queue): Promise<void> {
    queue.isScheduled = false;
    queue.running += 1;
    for (let calls = takeBatch(queue); calls.length > 0; calls = takeBatch(queue)) {
      try {
        const scores = await this.#run(queue, calls);
        let from = 0;
        for (const { count, resolve } of calls) resolve(scores.subarray(from, (from += count)));
      } catch (cause) {
        this.#options.onFailure(cause);
        for (const { reject } of calls) reject(new DependencyUnavailable('The model could not be run', { cause }));
      }
    }
    queue.running -= 1;
    const key = keyOf(queue.tenantId, queue.model);
    if (queue.running === 0 && this.#queues.get(key) === queue) this.#queues.delete(key);
  }

  async #run(queue: Queue, calls: readonly Call[]): Promise<Float32Array> {
    this.#batches += 1;
    const { tenantId, model, width } = queue;
    const isSmall = this.#small.has(model.artifact);
    const count = calls.reduce((sum, call) => sum + call.count, 0);
    const room = isSmall ? new ArrayBuffer(count * width * Float32Array.BYTES_PER_ELEMENT) : this.#roomFor(count * width);
    const task: ScoreTask = { sha256: model.artifact, rows: packed(calls, width, room), count, width, output: model.output };
    const score = (of: ScoreTask): Promise<ScoreResult> => (isSmall ? this.#own.score(of) : this.#send(of));
    let result = await score(task);
    if (result.kind === 'modelMissing') result = await score({ ...task, bytes: await this.#options.artifacts.get(tenantId, model.artifact) });
    if (room instanceof SharedArrayBuffer) this.#rooms.push(room);
    if (result.kind === 'modelMissing') throw new Error('A thread did not keep the model that it was given');
    if (!result.scores.every(Number.isFinite)) throw new Error('The model answered with numbers that are not finite');
    return result.scores;
  }

  async #send(task: ScoreTask): Promise<ScoreResult> {
    const result = (await this.#pool.run(task, { name: 'score' })) as ScoreResult;
    if (result.kind === 'scores' && result.microseconds <= this.#options.inPlaceMicroseconds) this.#small.add(task.sha256);
    return result;
  }

  /** Memory that the threads see as well: sending it costs nothing, and no batch has new pages to touch. One that a thread has died with is not used again. */
  #roomFor(length: number): SharedArrayBuffer {
    const room = this.#rooms.pop();
    const bytes = length * Float32Array.BYTES_PER_ELEMENT;
    return room !== undefined && room.byteLength >= bytes ? room : new SharedArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
  }
}

const keyOf = (tenantId: string, { artifact, output }: ModelDefinition): string => `${artifact} ${output} ${tenantId}`;

/** The same call, whose caller is told after this time that it is late. */
function timed({ rows, count, resolve, reject }: Call, timeoutMs: number): Call {
  const timer = setTimeout(() => {
    call.isLate = true;
    reject(new DependencyUnavailable('The model did not answer in time'));
  }, timeoutMs);
  const ended = <T>(settle: (value: T) => void) => (value: T): void => {
    clearTimeout(timer);
    settle(value);
  };
  const call: Call = { rows, count, isLate: false, resolve: ended(resolve), reject: ended(reject) };
  return call;
}

/** Removes the next calls from the queue; those that nobody waits for any more are left out. */
function takeBatch(queue: Queue): readonly Call[] {
  const calls: Call[] = [];
  let rows = 0;
  let taken = 0;
  for (const call of queue.waiting) {
    if (rows >= fullBatchRows) break;
    taken += 1;
    if (call.isLate) continue;
    calls.push(call);
    rows += call.count;
  }
  queue.waiting = queue.waiting.slice(taken);
  return calls;
}

function packed(calls: readonly Call[], width: number, room: ArrayBuffer | SharedArrayBuffer): Float32Array {
  const rows = new Float32Array(room, 0, calls.reduce((sum, call) => sum + call.count, 0) * width);
  let at = 0;
  for (const { rows: own, count } of calls) {
    rows.set(own.subarray(0, count * width), at);
    at += count * width;
  }
  return rows;
}
