/** A recount of all customers of a tenant. */
export interface Recompute {
  readonly id: string;
  readonly state: 'RUNNING' | 'DONE' | 'FAILED';
  /** Customers at the start; 0 until what there is to write is worked out. */
  readonly total: number;
  /** Customers so far. */
  readonly done: number;
  /** Of these, those of whom a value, or its time, is another one now. */
  readonly changed: number;
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
  /** Why it ended before it was done. */
  readonly failure: string | undefined;
}

export interface Recomputes {
  /**
   * Begins to recount all customers, and answers at once.
   * @throws Conflict where the tenant's last one has not ended
   */
  start(tenantId: string): Promise<Recompute>;
  find(tenantId: string, id: string): Promise<Recompute | undefined>;
}

/** Who has not got on for this long has died. */
export const patienceMs = 120_000;
