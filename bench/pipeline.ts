import type { Scores } from '../src/decisions/decision.js';
import { finish } from '../src/decisions/pipeline/finish.js';
import { encodeRows, modelFor, prepare } from '../src/decisions/pipeline/prepare.js';
import { microsecondsEach } from './measure.js';
import { scenario } from './scenario.js';

export interface PipelineFigures {
  /** Microseconds for one decision, without I/O and without the model's own time. */
  readonly microseconds: number;
  readonly decisionsPerSecond: number;
}

/** 20 candidates, 10 features, 5 rules, one experiment, one model whose answer is given. */
export function benchPipeline(): PipelineFigures {
  const { snapshot, placement, requests, states } = scenario();
  const model = snapshot.models.get('clicks');
  if (model === undefined) throw new Error('The scenario has a model');
  const rows = new Float32Array(20 * model.width);
  const microseconds = microsecondsEach(i => {
    const request = requests[i % requests.length];
    const state = states[i % states.length];
    if (request === undefined || state === undefined) throw new Error('The scenario has requests');
    const prepared = prepare(request, state, snapshot, placement);
    if (modelFor(prepared, snapshot) !== undefined) encodeRows(prepared, model, rows, 0);
    const values = prepared.survivors.map((_, k) => ((i + 7 * k) % 100) / 100);
    const scores: Scores = { source: 'model', modelId: 'clicks', values };
    return finish(prepared, scores).propensity;
  });
  return { microseconds, decisionsPerSecond: 1e6 / microseconds };
}
