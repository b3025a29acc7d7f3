import { z } from 'zod';
import type { Client } from './client.js';
import { table } from './terminal.js';

const featureParity = `query Parity($sample: Int!) {
  featureParity(sample: $sample) { customers unsettled features { name compared differing greatestDifference } }
}`;

const paritySchema = z.object({
  featureParity: z.object({
    customers: z.number(),
    unsettled: z.number(),
    features: z.array(z.object({ name: z.string(), compared: z.number(), differing: z.number(), greatestDifference: z.number().nullable() })),
  }),
});
export type ParityReport = z.infer<typeof paritySchema>['featureParity'];

export async function parity(client: Client, sample: number): Promise<ParityReport> {
  return paritySchema.parse(await client.request(featureParity, { sample })).featureParity;
}

export function describeParity({ customers, unsettled, features }: ParityReport): readonly string[] {
  return [
    ...table([
      ['feature', 'compared', 'differing', 'greatest difference'],
      ...features.map(it => [it.name, String(it.compared), String(it.differing), it.greatestDifference === null ? '' : String(it.greatestDifference)]),
    ]),
    `${customers} customers compared${unsettled > 0 ? `; ${unsettled} were just changing` : ''}.`,
  ];
}
