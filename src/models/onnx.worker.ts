import type { InspectedModel } from './check-model.js';
import { loadSession, OnnxSessions, scoringOutputs, type ScoreResult, type ScoreTask } from './sessions.onnx.js';

/** What a thread of the pool runs. */
const sessions = new OnnxSessions();

/** Tells that the thread lives. */
export function ready(): void {
  // Being called is all.
}

export const score = (task: ScoreTask): Promise<ScoreResult> => sessions.score(task);

export async function inspect(bytes: Uint8Array): Promise<InspectedModel> {
  const session = await loadSession(bytes);
  try {
    const [input] = session.inputMetadata;
    const width = input?.isTensor === true && session.inputMetadata.length === 1 ? input.shape.at(-1) : undefined;
    if (typeof width !== 'number') throw new Error('The model has to take one tensor [rows, inputs]');
    return { inputWidth: width, outputs: await scoringOutputs(session, width) };
  } finally {
    await session.release();
  }
}
