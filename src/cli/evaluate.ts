import { z } from 'zod';
import type { PolicyQuestion } from '../learning/policy-evaluation.js';
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
  ]);
}

function rowOf(name: string, estimate: Estimate | null): readonly (readonly string[])[] {
  if (estimate === null) return [];
  return [[name, `${estimate.value.toFixed(6)}  (95 %: ${estimate.low.toFixed(6)} to ${estimate.high.toFixed(6)})`]];
}
