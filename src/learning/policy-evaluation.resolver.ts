import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { EvaluatePolicyInput } from './policy-evaluation.input.js';
import type { PolicyEvaluation } from './policy-evaluation.js';
import { parsePolicyQuestion } from './policy-evaluation.schema.js';
import { PolicyEvaluationType } from './policy-evaluation.type.js';
import type { PolicyEvaluator } from './policy-evaluator.js';

@Resolver()
export class PolicyEvaluationResolver {
  readonly #evaluator: PolicyEvaluator;

  constructor(evaluator: PolicyEvaluator) {
    this.#evaluator = evaluator;
  }

  @Query(() => PolicyEvaluationType, { description: 'Estimates from a log what another policy would have got, without showing anything to anybody.' })
  async evaluatePolicy(@Ctx() { principal }: RequestContext, @Arg('input', () => EvaluatePolicyInput) input: EvaluatePolicyInput): Promise<PolicyEvaluation> {
    requireRole(principal, 'server', 'admin');
    return this.#evaluator.evaluate(principal.tenantId, parsePolicyQuestion(input));
  }
}
