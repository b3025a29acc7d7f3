import { factsOfItem } from '../content/item.js';
import { compileSnapshot } from '../decisions/snapshot/compile.js';
import type { Snapshot, TenantConfiguration } from '../decisions/snapshot/snapshot.js';
import { seededRandom } from '../kernel/random.js';
import { DemoBandits } from './bandits.js';
import { compileEncoder } from '../models/encode.js';
import { widthOf } from '../models/input-contract.js';
import type { ModelDefinition } from '../models/model.js';
import { logisticOutput, type LogisticWeights } from '../models/onnx-logistic.js';
import { beforeLearning, demoExperiment, demoFeatures, demoPlacements, demoRuleSet, demoSegments, modelId } from './configuration.js';
import { encountersOf, meet, type Brain, type Trial } from './history.js';
import { demoModelInputs, trainLogistic } from './train-model.js';
import { demoTenant, type DemoWorld } from './world.js';

/** The month before the world's now: two weeks by chance alone, from which the model is trained, and two by what was learned. */
export interface DemoMonth {
  readonly trials: readonly Trial[];
  readonly model: LogisticWeights;
  /** In the order of their versions, the first of which is 1. */
  readonly configurations: readonly [TenantConfiguration, TenantConfiguration];
}

const dayMs = 86_400_000;
const encounters = 3000;
/** Of the encounters; the others come after the model. */
const byChance = 0.6;
const ridge = 1;
const seeds = { encounters: 5_021, results: 77_003 } as const;

export function firstConfiguration({ now, items }: DemoWorld): TenantConfiguration {
  return {
    tenantId: demoTenant.id,
    version: 1,
    features: demoFeatures,
    segments: demoSegments,
    items,
    placements: demoPlacements.map(beforeLearning),
    ruleSets: [demoRuleSet(now)],
    experiments: [],
    models: [],
  };
}

function secondConfiguration(world: DemoWorld, artifact: string): TenantConfiguration {
  const model: ModelDefinition = {
    id: modelId,
    name: 'Click model',
    description: 'Logistic regression on two weeks of items shown by chance',
    runtime: 'onnx',
    artifact,
    inputs: demoModelInputs,
    output: logisticOutput,
  };
  return { ...firstConfiguration(world), version: 2, placements: demoPlacements, experiments: [demoExperiment], models: [model] };
}

/** @param artifactOf SHA-256 of the model's artifact, in hex */
export function simulateMonth(world: DemoWorld, artifactOf: (model: LogisticWeights) => string): DemoMonth {
  const all = encountersOf(world, encounters, seededRandom(seeds.encounters));
  const random = seededRandom(seeds.results);
  const split = Math.floor(all.length * byChance);
  const first = firstConfiguration(world);
  const bandits = new DemoBandits();
  const unlearned: Brain = { snapshot: compileSnapshot(first), model: undefined, posteriorsOf: id => bandits.posteriorsOf(id) };
  const trials = all.slice(0, split).map(it => meet(world, it, unlearned, random));
  const model = trainOn(trials, unlearned.snapshot);
  const second = secondConfiguration(world, artifactOf(model));
  const learned: Brain = { ...unlearned, snapshot: compileSnapshot(second), model };
  let day = Number.NEGATIVE_INFINITY;
  let taught = 0;
  for (const encounter of all.slice(split)) {
    if (Math.floor(encounter.at / dayMs) > day) {
      day = Math.floor(encounter.at / dayMs);
      bandits.learn(trials.slice(taught));
      taught = trials.length;
    }
    trials.push(meet(world, encounter, learned, random));
  }
  return { trials, model, configurations: [first, second] };
}

function trainOn(trials: readonly Trial[], { items }: Snapshot): LogisticWeights {
  const encode = compileEncoder(demoModelInputs);
  const width = widthOf(demoModelInputs);
  const rows = new Float32Array(trials.length * width);
  trials.forEach(({ record, facts }, i) => {
    const item = items.get(record.answer.selectedItemId ?? '');
    if (item !== undefined) encode(facts, { items: [factsOfItem(item)], chosen: [0] }, rows, i * width);
  });
  return trainLogistic(rows, Uint8Array.from(trials, ({ clicked }) => Number(clicked)), ridge);
}
