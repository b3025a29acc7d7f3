import { z } from 'zod';
import { AppError } from '../kernel/errors.js';
import { featureValue, id, instant, parseBody, tooMuch } from '../tenants/body.schema.js';
import { assertBounded } from './check.js';
import { operators, type Behaviour, type Comparison, type Condition, type Operator } from './condition.js';

/** Operators as other systems write them. */
const spellings: ReadonlyMap<unknown, Operator> = new Map([
  ['greater_than', 'greaterThan'],
  ['less_than', 'lessThan'],
]);

const comparison: z.ZodType<Comparison> = z.strictObject({
  name: id,
  operator: z.preprocess(it => spellings.get(it) ?? it, z.enum(operators)),
  value: z.union([featureValue, z.array(z.number()).max(1000)]).optional(),
});

const times = z.int().min(0).max(1_000_000);

const behaviour: z.ZodType<Behaviour> = z.lazy(() =>
  z.strictObject({
    event: id,
    where: node.optional(),
    atLeast: times.default(1),
    atMost: times.optional(),
    within: z.string().max(40).optional(),
    since: instant.optional(),
  }),
);

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
      property: comparison.optional(),
      did: behaviour.optional(),
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
