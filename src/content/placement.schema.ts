import { z } from 'zod';
import { conditionSchema } from '../conditions/condition.schema.js';
import { id, name, parseBody, share } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import type { Placement, PolicySpec, ScorerRef } from './placement.js';

export const scorerSchema: z.ZodType<ScorerRef> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), modelId: id }),
  z.strictObject({ kind: z.literal('bandit') }),
  z.strictObject({ kind: z.literal('priority') }),
]);

export const policySchema: z.ZodType<PolicySpec> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('uniform') }),
  z.strictObject({ kind: z.literal('greedy') }),
  z.strictObject({ kind: z.literal('epsilonGreedy'), epsilon: share }),
]);

const banditSchema = z.strictObject({
  features: z.array(id).max(64).refine(it => new Set(it).size === it.length, 'A feature is named once'),
  lambda: z.number().positive().max(1e6),
  alpha: z.number().min(0).max(1e6),
});

export const placementSchema: z.ZodType<Placement> = z
  .strictObject({
    id,
    name,
    isDefault: z.boolean(),
    accepts: conditionSchema.optional(),
    slots: z.int().min(1).max(20),
    scorer: scorerSchema,
    policy: policySchema,
    fallbackItemId: id.optional(),
    holdout: z.number().min(0).lt(1),
    hemisphere: z.enum(['north', 'south']),
    bandit: banditSchema.optional(),
  })
  .refine(({ scorer, bandit }) => scorer.kind !== 'bandit' || bandit !== undefined, {
    path: ['scorer'],
    message: 'A placement that is scored by its bandit says what the bandit reads',
  });

export function parsePlacement(body: unknown): Placement {
  return parseBody(placementSchema, body);
}

export const placements: Kind<Placement> = { kind: 'placement', parse: parsePlacement };
