import { z } from 'zod';
import { conditionSchema } from '../conditions/condition.schema.js';
import { id, name, parseBody } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import type { Rule, RuleSet } from './rule-set.js';

const ruleSchema: z.ZodType<Rule> = z
  .strictObject({
    id,
    effect: z.enum(['exclude', 'require', 'boost']),
    items: conditionSchema.optional(),
    when: conditionSchema,
    placements: z.array(id).min(1).max(100).optional(),
    factor: z.number().positive().max(1000).optional(),
    reason: name,
  })
  .refine(({ effect, factor }) => (effect === 'boost') === (factor !== undefined), {
    path: ['factor'],
    message: 'A boost has a factor, and no other rule has one',
  });

export const ruleSetSchema: z.ZodType<RuleSet> = z.strictObject({
  id,
  name,
  rules: z
    .array(ruleSchema)
    .max(200)
    .refine(it => new Set(it.map(rule => rule.id)).size === it.length, 'Each rule of a set has an id of its own'),
});

export function parseRuleSet(body: unknown): RuleSet {
  return parseBody(ruleSetSchema, body);
}

export const ruleSets: Kind<RuleSet> = { kind: 'ruleSet', parse: parseRuleSet };
export const ruleSetDrafts: Kind<RuleSet> = { kind: 'ruleSetDraft', parse: parseRuleSet };
