import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { RequestContext } from '../graphql/request-context.js';
import { OutcomeInput } from './outcome.input.js';
import type { OutcomeRecorder } from './outcome-recorder.js';
import { resultOf, type OutcomeResult } from './outcome-result.js';
import { parseOutcomes } from './outcome.schema.js';
import { OutcomeResultType } from './outcome.type.js';

@Resolver()
export class OutcomesResolver {
  readonly #recorder: OutcomeRecorder;

  constructor(recorder: OutcomeRecorder) {
    this.#recorder = recorder;
  }

  @Mutation(() => OutcomeResultType, {
    description: 'Tells what came of decisions, up to 1,000 at once. Answered after the commit; may be sent again, since each id counts once. Learning uses it within seconds.',
  })
  async recordOutcomes(
    @Ctx() { principal, startedAt }: RequestContext,
    @Arg('input', () => [OutcomeInput]) input: OutcomeInput[],
  ): Promise<OutcomeResult> {
    return resultOf(await this.#recorder.record(principal, parseOutcomes(input, startedAt), startedAt));
  }
}
