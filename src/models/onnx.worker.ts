import { loadSession, OnnxSessions, type ScoreResult, type ScoreTask } from './sessions.onnx.js';

/** What a thread of the pool runs. */
const sessions = new OnnxSessions();

/** Tells that the thread lives. */
export function ready(): void {
  // Being called is all.
}

export const score = (task: ScoreTask): Promise<ScoreResult> => sessions.score(task);

export async function inspect(bytes: Uint8Array): Promise<{ readonly inputWidth: number; readonly outputs: readonly string[] }> {
  const session = await loadSession(bytes);
  const [input] = session.inputMetadata;
  const width = input?.isTensor === true && session.inputMetadata.length === 1 ? input.shape.at(-1) : undefined;
  await session.release();
  if (typeof width !== 'number') throw new Error('The model has to take one tensor [rows, inputs]');
  return { inputWidth: width, outputs: [...session.outputNames] };
}
