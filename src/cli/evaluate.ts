import { z } from 'zod';
import type { PolicyEvaluation, PolicyQuestion } from '../learning/policy-evaluation.js';
import type { Client } from './client.js';
import { table } from './terminal.js';

const evaluatePolicy = `query Evaluate($input: EvaluatePolicyInput!) {
  evaluatePolicy(input: $input) {
    log policy decisions ips { value low high } snips { value low high } replay { value low high matched }
    effectiveSampleSize maxWeight supported reason
  }
}`;

const estimateSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });
const evaluationSchema = z.object({
  evaluatePolicy: z.object({
    log: z.string(),
    policy: z.string(),
    decisions: z.number(),
    ips: estimateSchema.nullable(),
    snips: estimateSchema.nullable(),
    replay: estimateSchema.extend({ matched: z.number() }).nullable(),
    effectiveSampleSize: z.number(),
    maxWeight: z.number(),
    supported: z.boolean(),
    reason: z.string().nullable(),
  }),
});

type Estimate = z.infer<typeof estimateSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>['evaluatePolicy'];

export async function evaluate(client: Client, question: PolicyQuestion): Promise<Evaluation> {
  return evaluationSchema.parse(await client.request(evaluatePolicy, { input: question })).evaluatePolicy;
}

export function describeEvaluation({ log, policy, decisions, ips, snips, replay, ...rest }: Evaluation): readonly string[] {
  return table([
    [`${policy} on ${log}`, `${decisions} decisions`],
    ...rowOf('inverse propensity scoring', ips),
    ...rowOf('self-normalized', snips),
    ...rowOf('replay method', replay),
    ['effective sample size', rest.effectiveSampleSize.toFixed(1)],
    ['largest weight', rest.maxWeight.toFixed(1)],
    ['supported by the log', rest.supported ? 'yes' : `no: ${rest.reason ?? 'it does not say why'}`],
  ]).concat(Object.entries(inWords).flatMap(([reason, words]) => (reason === rest.reason ? [words] : [])));
}

/** What a reason means, and what to do about it. */
const inWords: Readonly<Record<NonNullable<PolicyEvaluation['reason']>, string>> = {
  NO_DECISIONS: 'The log holds no decision with an outcome. Report impressions and clicks, and ask again.',
  TOO_FEW_ROWS: 'Two decisions with outcomes are the least that say anything. Ask again when there are more.',
  BEYOND_THE_LOG:
    'The policy would choose items that the log\'s policy never could have: rules left them out, or nothing was left to chance. Nobody knows how they would have done. Evaluate on a log of a policy that explores, such as epsilonGreedy.',
  NO_MATCH: 'The policy would never have chosen what was chosen, so that no outcome tells of it. Evaluate on a log of a policy that chooses more at random.',
  WEIGHTS_OFF: 'Parts of what the policy would choose are missing from the log, or its propensities are not true. Check how they were logged.',
  NOT_UNIFORM: 'A policy that learns is run over a log that chance alone has made: each item with the same propensity. Import one, or have a placement choose by the policy uniform for a while.',
};

function rowOf(name: string, estimate: Estimate | null): readonly (readonly string[])[] {
  if (estimate === null) return [];
  return [[name, `${estimate.value.toFixed(6)}  (95 %: ${estimate.low.toFixed(6)} to ${estimate.high.toFixed(6)})`]];
}
