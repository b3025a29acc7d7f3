import type { EventLog, Ingested, ParsedEvent } from './event.js';

export interface IngestDeps {
  readonly log: EventLog;
  /** Hands over what is committed to whoever lets everything else follow. Nobody waits for it. */
  readonly came: (tenantId: string, customerIds: readonly string[]) => void;
  readonly parse: (inputs: readonly unknown[], now: number) => readonly ParsedEvent[];
  readonly now: () => number;
}

/** Answers in the order of the inputs, after the commit. */
export async function ingest({ log, came, parse, now }: IngestDeps, tenantId: string, inputs: readonly unknown[]): Promise<readonly Ingested[]> {
  const receivedAt = now();
  const parsed = parse(inputs, receivedAt);
  const events = parsed.flatMap(it => ('event' in it ? [it.event] : []));
  if (events.length === 0) return answersTo(parsed, { fresh: new Set(), erased: new Set() });
  const { fresh, erased, customerIds } = await log.append(tenantId, events, receivedAt);
  if (customerIds.length > 0) came(tenantId, customerIds);
  return answersTo(parsed, { fresh: new Set(fresh), erased });
}

function answersTo(parsed: readonly ParsedEvent[], { fresh, erased }: { readonly fresh: Set<string>; readonly erased: ReadonlySet<string> }): readonly Ingested[] {
  return parsed.map(it => {
    if (!('event' in it)) return { status: 'REJECTED', code: 'INVALID_INPUT', ...it };
    const { id } = it.event;
    if (erased.has(id)) return { status: 'REJECTED', code: 'ERASED', id, pointer: '/customerId', expected: 'a customer who has not been erased', got: 'text' };
    return { id, status: fresh.delete(id) ? 'ACCEPTED' : 'DUPLICATE' };
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
