import { z } from 'zod';
import { conditionSchema } from '../conditions/condition.schema.js';
import { policySchema, scorerSchema } from '../content/placement.schema.js';
import { id, name, parseBody, prose, share } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import type { Arm, Experiment } from './experiment.js';

/** How far from 1 the sum of the weights may be: 1/3 three times is not exactly 1. */
const weightTolerance = 1e-9;

const armSchema: z.ZodType<Arm> = z.strictObject({ id, name, weight: share, scorer: scorerSchema.optional(), policy: policySchema.optional() });

const draft = z.strictObject({
  id,
  name,
  hypothesis: prose.default(''),
  placementId: id,
  coverage: share,
  seed: id.optional(),
  targeting: conditionSchema.optional(),
  arms: z
    .array(armSchema)
    .min(2)
    .max(20)
    .refine(it => new Set(it.map(arm => arm.id)).size === it.length, 'Each arm has an id of its own')
    .refine(it => Math.abs(it.reduce((sum, arm) => sum + arm.weight, 0) - 1) <= weightTolerance, 'The weights of the arms sum to 1'),
});

export const experimentSchema: z.ZodType<Experiment> = draft.extend({ seed: id, status: z.enum(['draft', 'running', 'stopped']) });

export function parseExperiment(body: unknown): Experiment {
  return parseBody(experimentSchema, body);
}

/** A draft as it is sent: without a seed, its id is one. */
export function parseDraft(body: unknown): Experiment {
  const { seed, ...rest } = parseBody(draft, body);
  return { ...rest, seed: seed ?? rest.id, status: 'draft' };
}

export const experiments: Kind<Experiment> = { kind: 'experiment', parse: parseExperiment };
