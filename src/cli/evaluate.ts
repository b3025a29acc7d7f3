import { z } from 'zod';
import type { Client } from './client.js';
import { table } from './terminal.js';

const evaluatePolicy = `query Evaluate($input: EvaluatePolicyInput!) {
  evaluatePolicy(input: $input) {
    log policy decisions ips { value low high } snips { value low high } effectiveSampleSize maxWeight supported
  }
}`;

const estimateSchema = z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable();
const evaluationSchema = z.object({
  evaluatePolicy: z.object({
    log: z.string(),
    policy: z.string(),
    decisions: z.number(),
    ips: estimateSchema,
    snips: estimateSchema,
    effectiveSampleSize: z.number(),
    maxWeight: z.number(),
    supported: z.boolean(),
  }),
});

type Estimate = z.infer<typeof estimateSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>['evaluatePolicy'];

export async function evaluate(client: Client, log: string, policy: string): Promise<Evaluation> {
  return evaluationSchema.parse(await client.request(evaluatePolicy, { input: { log, policy } })).evaluatePolicy;
}

export function describeEvaluation({ log, policy, decisions, ips, snips, effectiveSampleSize, maxWeight, supported }: Evaluation): readonly string[] {
  return table([
    [`${policy} on the log ${log}`, `${decisions} decisions`],
    ['inverse propensity scoring', textOf(ips)],
    ['self-normalized', textOf(snips)],
    ['effective sample size', effectiveSampleSize.toFixed(1)],
    ['largest weight', maxWeight.toFixed(1)],
    ['enough support', supported ? 'yes' : 'no: the log hardly ever does what the policy would'],
  ]);
}

function textOf(estimate: Estimate): string {
  if (estimate === null) return 'not known';
  return `${estimate.value.toFixed(6)}  (95 %: ${estimate.low.toFixed(6)} to ${estimate.high.toFixed(6)})`;
}
