import { z } from 'zod';
import type { Client } from './client.js';
import { table } from './terminal.js';

const estimate = z.object({ value: z.number().nullable(), low: z.number().nullable(), high: z.number().nullable() });
const evaluationSchema = z.object({
  evaluatePolicy: z.object({
    log: z.string(),
    policy: z.string(),
    rows: z.number(),
    ips: estimate,
    snips: estimate,
    effectiveSampleSize: z.number(),
    maxWeight: z.number(),
    supported: z.boolean(),
  }),
});

export type Evaluation = z.infer<typeof evaluationSchema>['evaluatePolicy'];
