import type { CustomerEvent, EventLog, Ingested } from './event.js';

export interface IngestDeps {
  readonly log: EventLog;
  /** What is computed from events is made to follow them, before they are acknowledged. */
  readonly came: (tenantId: string, customerIds: readonly string[], types: ReadonlySet<string>) => Promise<void>;
  readonly parse: (inputs: readonly unknown[], now: number) => readonly ({ readonly event: CustomerEvent } | { readonly id: string | null; readonly pointer: string; readonly expected: string })[];
  readonly now: () => number;
}

/** Answers in the order of the inputs, after the commit. */
export async function ingest({ log, came, parse, now }: IngestDeps, tenantId: string, inputs: readonly unknown[]): Promise<readonly Ingested[]> {
  const receivedAt = now();
  const parsed = parse(inputs, receivedAt);
  const good = parsed.flatMap(it => ('event' in it ? [it.event] : []));
  const fresh = new Set(good.length === 0 ? [] : await log.append(tenantId, good, receivedAt));
  // Duplicates too: their sender may not have been answered because we ended between the commit and this.
  if (good.length > 0) await came(tenantId, [...new Set(good.map(it => it.customerId))], new Set(good.map(it => it.type)));
  return parsed.map((it): Ingested => {
    if (!('event' in it)) return { ...it, status: 'REJECTED', code: 'INVALID_INPUT' };
    return { id: it.event.id, status: fresh.delete(it.event.id) ? 'ACCEPTED' : 'DUPLICATE' };
  });
}

export type Ingest = (tenantId: string, inputs: readonly unknown[]) => Promise<readonly Ingested[]>;

export interface IngestSummary {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly Ingested[];
}

export function summaryOf(results: readonly Ingested[]): IngestSummary {
  const count = (status: Ingested['status']): number => results.filter(it => it.status === status).length;
  return { accepted: count('ACCEPTED'), duplicates: count('DUPLICATE'), rejected: count('REJECTED'), results };
}
