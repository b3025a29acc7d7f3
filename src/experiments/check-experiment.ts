import { anyNames, attributeNames, checkCondition, eventNames, featureNames } from '../conditions/check.js';
import type { Placement } from '../content/placement.js';
import type { AttributeDefinition } from '../customers/attribute.js';
import type { EventType } from '../events/event-type.js';
import type { FeatureDefinition } from '../features/feature.js';
import { Conflict, InvalidInput } from '../kernel/errors.js';
import type { Experiment } from './experiment.js';

export interface ExperimentSurroundings {
  /** The placement that it names, if it is there. */
  readonly placement: Placement | undefined;
  readonly attributes: readonly AttributeDefinition[];
  readonly eventTypes: readonly EventType[];
  readonly features: readonly FeatureDefinition[];
  readonly segmentIds: ReadonlySet<string>;
  readonly modelIds: ReadonlySet<string>;
}

/** @throws InvalidInput with the `path` of the first part that does not fit what there is */
export function checkExperiment({ arms, targeting }: Experiment, { placement, attributes, eventTypes, features, segmentIds, modelIds }: ExperimentSurroundings): void {
  if (placement === undefined) throw misfit('There is no such placement', '/placementId');
  if (targeting !== undefined) {
    const vocabulary = { attribute: attributeNames(attributes), feature: featureNames(features), context: anyNames, did: eventNames(eventTypes), inSegment: segmentIds };
    checkCondition(targeting, vocabulary, '/targeting');
  }
  arms.forEach(({ scorer }, i) => {
    if (scorer?.kind === 'model' && !modelIds.has(scorer.modelId)) throw misfit('There is no such model', `/arms/${i}/scorer/modelId`);
    if (scorer?.kind === 'bandit' && placement.bandit === undefined) throw misfit('The placement has no bandit', `/arms/${i}/scorer`);
  });
}

/** @throws Conflict where it has been started: who is in which arm, and what the arms do, would change under those who take part */
export function checkStillDraft(before: Experiment | undefined): void {
  if (before !== undefined && before.status !== 'draft') {
    throw new Conflict('Only a draft can be changed', { details: { status: before.status } });
  }
}

const next = { draft: 'running', running: 'stopped' } as const;

/**
 * The experiment in its next state. One that has been stopped stays so: to go on would mix two groups of customers.
 * @throws Conflict unless it is in the state before
 */
export function advance(experiment: Experiment, from: 'draft' | 'running'): Experiment {
  if (experiment.status !== from) throw new Conflict(`Only an experiment that is ${from} can be ${next[from]}`, { details: { status: experiment.status } });
  return { ...experiment, status: next[from] };
}

function misfit(message: string, path: string): InvalidInput {
  return new InvalidInput(message, { details: { path } });
}
