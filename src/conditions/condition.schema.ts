import { z } from 'zod';
import { AppError } from '../kernel/errors.js';
import { featureValue, id, parseBody, tooMuch } from '../tenants/body.schema.js';
import { assertBounded } from './check.js';
import { operators, type Comparison, type Condition } from './condition.js';

const comparison: z.ZodType<Comparison> = z.strictObject({
  name: id,
  operator: z.enum(operators),
  value: z.union([featureValue, z.array(z.number()).max(1000)]).optional(),
});

const node: z.ZodType<Condition> = z.lazy(() =>
  z
    .strictObject({
      and: z.array(node).min(1).optional(),
      or: z.array(node).min(1).optional(),
      not: node.optional(),
      attribute: comparison.optional(),
      feature: comparison.optional(),
      context: comparison.optional(),
      item: comparison.optional(),
      inSegment: id.optional(),
    })
    .refine(it => Object.keys(it).length === 1, 'A condition has exactly one field in each node')
    .transform(it => it as Condition),
);

/** A tree of the right shape; whether its names and values mean anything is for `checkCondition` to say. */
export const conditionSchema: z.ZodType<Condition> = z
  .unknown()
  .superRefine((tree, context) => {
    try {
      assertBounded(tree);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      context.addIssue({ code: 'custom', message: error.message, params: tooMuch });
    }
  })
  .pipe(node);

export function parseCondition(body: unknown): Condition {
  return parseBody(conditionSchema, body);
}
