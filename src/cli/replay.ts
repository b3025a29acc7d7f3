import { z } from 'zod';
import type { Client } from './client.js';
import { progress, type Terminal } from './terminal.js';

const mutation = 'mutation Replay($input: ReplayEventsInput!) { replayEvents(input: $input) { events customers totalCustomers after } }';
const pageSchema = z.object({
  replayEvents: z.object({ events: z.number(), customers: z.number(), totalCustomers: z.number().nullable(), after: z.string().nullable() }),
});
type Page = z.infer<typeof pageSchema>['replayEvents'];

export interface ReplayOptions {
  /** ISO 8601, with the zone. */
  readonly from: string;
  readonly to: string;
  readonly type?: string | undefined;
  readonly customer?: string | undefined;
}

export interface ReplayReport {
  readonly events: number;
  readonly customers: number;
}

/** Has a part of the log streamed again, page by page. */
export async function replay(client: Client, { from, to, type, customer }: ReplayOptions, terminal: Terminal): Promise<ReplayReport> {
  const pageAfter = async (after: string | null): Promise<Page> =>
    pageSchema.parse(await client.request(mutation, { input: { from, to, type, customerId: customer, after } })).replayEvents;
  let page = await pageAfter(null);
  let [events, customers] = [page.events, page.customers];
  const bar = progress(terminal, 'replayed', page.totalCustomers ?? 0, 'customers');
  try {
    bar.advance(page.customers);
    while (page.after !== null) {
      page = await pageAfter(page.after);
      events += page.events;
      customers += page.customers;
      bar.advance(page.customers);
    }
  } finally {
    bar.end();
  }
  return { events, customers };
}

export const describeReplay = ({ events, customers }: ReplayReport): string => `${events} events of ${customers} customers streamed again.`;
