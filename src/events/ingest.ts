import type { EventLog, Ingested, ParsedEvent } from './event.js';

export interface IngestDeps {
  readonly log: EventLog;
  /** Lets everything else follow the customers; never rejects. */
  readonly changed: (tenantId: string, customerIds: readonly string[]) => Promise<void>;
  readonly parse: (inputs: readonly unknown[], now: number) => readonly ParsedEvent[];
  readonly now: () => number;
}

/** Answers in the order of the inputs, after the commit. */
export async function ingest({ log, changed, parse, now }: IngestDeps, tenantId: string, inputs: readonly unknown[]): Promise<readonly Ingested[]> {
  const receivedAt = now();
  const parsed = parse(inputs, receivedAt);
  const events = parsed.flatMap(it => ('event' in it ? [it.event] : []));
  if (events.length === 0) return answersTo(parsed, new Set());
  const { fresh, changedCustomers } = await log.append(tenantId, events, receivedAt);
  await changed(tenantId, changedCustomers);
  return answersTo(parsed, new Set(fresh));
}

function answersTo(parsed: readonly ParsedEvent[], fresh: Set<string>): readonly Ingested[] {
  return parsed.map(it => {
    if (!('event' in it)) return { status: 'REJECTED', code: 'INVALID_INPUT', ...it };
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
