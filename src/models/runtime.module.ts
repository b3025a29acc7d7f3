import type { Pool } from 'pg';
import type { BanditSpec } from '../content/placement.js';
import { posteriorTopic, type Bus } from '../platform/bus.js';
import type { InspectModel } from './check-model.js';
import type { ModelArtifacts } from './model-artifacts.js';
import { OnnxModelScorer } from './model-scorer.onnx.js';
import type { ModelDefinition } from './model.js';
import type { ModelScorer } from './model-scorer.js';
import { PosteriorCache } from './posterior-cache.js';
import { PostgresPosteriorStore } from './posterior-store.postgres.js';
import type { PlacementPosteriors } from './posteriors.js';

export interface RuntimeDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly artifacts: ModelArtifacts;
  /** Worker threads, at least 1. */
  readonly threads: number;
  /** See OnnxScorerOptions. */
  readonly inPlaceMicroseconds: number;
  readonly onFailure: (error: unknown) => void;
}

export interface RuntimeModule {
  readonly scorer: ModelScorer;
  readonly inspect: InspectModel;
  /** Makes models ready to be asked; a failure is reported, and the model loaded when it is first asked. */
  readonly warm: (tenantId: string, models: readonly ModelDefinition[]) => Promise<void>;
  readonly posteriors: (tenantId: string, placementId: string, spec: BanditSpec) => PlacementPosteriors;
  readonly onLearned: PosteriorCache['onChange'];
  readonly open: (tenantId: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What scores candidates: models in worker threads (small ones in this), and the posteriors of bandits in memory. */
export function runtimeModule({ pool, bus, artifacts, threads, inPlaceMicroseconds, onFailure }: RuntimeDeps): RuntimeModule {
  const scorer = new OnnxModelScorer({ threads, inPlaceMicroseconds, artifacts, onFailure });
  const cache = new PosteriorCache({
    store: new PostgresPosteriorStore(pool),
    follow: (tenantId, listener) =>
      bus.subscribe(posteriorTopic(tenantId), event =>
        listener(event.kind === 'message' ? (event.message as { readonly placementId: string }).placementId : undefined)),
    onFailure,
  });
  return {
    scorer,
    inspect: bytes => scorer.inspect(bytes),
    warm: async (tenantId, models) => {
      await Promise.all(models.map(model => scorer.warm(tenantId, model))).catch(onFailure);
    },
    posteriors: (tenantId, placementId, spec) => cache.current(tenantId, placementId, spec),
    onLearned: listener => { cache.onChange(listener); },
    open: tenantId => cache.load(tenantId),
    close: () => scorer.close(),
  };
}
