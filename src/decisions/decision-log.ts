import type { DecisionRecord } from './decision-record.js';

/** The durable log of decisions. Written behind the answers, by batches; read by its ids. */
export interface DecisionLog {
  /**
   * Takes the records into a bounded queue; they are committed within some 50 ms while the database answers, and kept until it does.
   * Resolves at once while there is room; a full queue makes the caller wait.
   * @throws Overloaded where there is still no room after the time that the configuration allows. Then nothing was taken.
   */
  append(records: readonly DecisionRecord[]): Promise<void>;
  /** Those found, in any order; also the ones that are still in this process's queue. */
  find(tenantId: string, ids: readonly string[]): Promise<readonly DecisionRecord[]>;
  /** Resolves when everything taken so far is committed. */
  flush(): Promise<void>;
}
