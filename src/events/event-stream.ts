/** Lets everything follow that is made from the events of these customers. Where it rejects, it is called with them again. */
export type CustomersHandler = (tenantId: string, customerIds: readonly string[]) => Promise<void>;

/**
 * Carries word of committed events to those who work out what follows from them. It names customers, not what they did: the log holds that, and
 * whoever is told reads it there, so a word that comes twice or late does no harm. What is lost on the way is found by the projector's sweep.
 */
export interface EventStream {
  /**
   * Tells that there are new events of these customers. Resolves when the word is on its way, and never rejects. Each customer is handled at least
   * once after the call, by one process, and never twice at the same time.
   */
  publish(tenantId: string, customerIds: readonly string[]): Promise<void>;
  /** Begins to hand over what comes, to one handler of this process. */
  start(handler: CustomersHandler): void;
  /** As last known to this process. */
  readonly lag: StreamLag;
  /** Resolves when what this process was handling is done. What waits in a process is left to the sweep. */
  close(): Promise<void>;
}

export interface StreamLag {
  /** Words that nobody has finished with. */
  readonly waiting: number;
  /** How long the oldest of those that were last handled had waited, in milliseconds; 0 where nothing waits. */
  readonly ageMs: number;
  /** Customers whom this process left to the sweep since its start, for want of room or after too many failures. */
  readonly dropped: number;
}

/** How often one batch is tried before it is left to the sweep. */
export const attemptsPerBatch = 5;
const firstPauseMs = 200;

/** Between the attempts, in milliseconds. */
export const pauseAfter = (attempt: number): number => firstPauseMs * 2 ** attempt;
