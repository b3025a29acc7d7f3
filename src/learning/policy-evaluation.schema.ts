import { z } from 'zod';
import { id, parseBody } from '../tenants/body.schema.js';
import { evaluatedPolicies, type PolicyQuestion } from './policy-evaluation.js';

const question = z.strictObject({ log: id, policy: z.enum(evaluatedPolicies), placementId: id.nullish().transform(it => it ?? undefined) });

/** @throws InvalidInput */
export function parsePolicyQuestion(input: unknown): PolicyQuestion {
  return parseBody(question, input);
}
