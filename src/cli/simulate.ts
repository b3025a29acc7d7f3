import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { demoItems } from '../demo/catalogue.js';
import type { DemoCustomer, Device } from '../demo/customers.js';
import { customerAt } from '../demo/history.js';
import { clickProbability } from '../demo/truth.js';
import { deviceOf } from '../demo/visits.js';
import { demoWorld, type DemoWorld } from '../demo/world.js';
import type { Random } from '../kernel/random.js';
import type { Client } from './client.js';
import { CommandFailed } from './failure.js';
import { table, type Terminal } from './terminal.js';

export interface SimulationOptions {
  readonly visits: number;
  /** Visits a second. */
  readonly rate: number;
  readonly placement?: string | undefined;
}

/** What one way of deciding has got so far. */
export interface Tally {
  visits: number;
  clicks: number;
  /** Sum of the true click probabilities of what was shown, of what chance would have shown, and of the best that could have been. */
  shown: number;
  uniform: number;
  best: number;
}

const personalize = `query Visit($customerId: ID!, $placement: ID, $deviceType: String) {
  personalize(customerId: $customerId, placement: $placement, context: { deviceType: $deviceType }) {
    id selectedContent { id } explorationUsed versions { model posterior } assignments { armId holdout }
    candidates { itemId dropped { code } }
  }
}`;

const report = `mutation Result($outcomes: [OutcomeInput!]!, $events: [EventInput!]!) {
  recordOutcomes(input: $outcomes) { accepted }
  ingestEvents(input: $events) { accepted }
}`;

const visitSchema = z.object({
  personalize: z.object({
    id: z.string(),
    selectedContent: z.object({ id: z.string() }).nullable(),
    explorationUsed: z.boolean(),
    versions: z.object({ model: z.string().nullable(), posterior: z.number().nullable() }),
    assignments: z.array(z.object({ armId: z.string().nullable(), holdout: z.boolean() })),
    candidates: z.array(z.object({ itemId: z.string(), dropped: z.object({ code: z.string() }).nullable() })),
  }),
});
type Visit = z.infer<typeof visitSchema>['personalize'];
