export interface CustomerTable {
  readonly table: string;
  /** Columns that tell a customer's rows apart; where two customers who become one both have a row, the first in `order` stays. Absent where all stay. */
  readonly key?: readonly string[];
  readonly order?: string;
  /** Numbers a customer's rows from 1 within each `key`, in `order`; all of them stay. */
  readonly numbered?: string;
  /** All columns, where rows are numbered anew. */
  readonly columns?: readonly string[];
}

/**
 * Every table that holds rows of a customer by `customer_id`, beside `customers` itself and the log of decisions. What is listed here follows a
 * merge, is erased and is exported; what is not, is not.
 */
export const customerTables: readonly CustomerTable[] = [
  { table: 'events' },
  { table: 'rejected_events' },
  { table: 'customer_features', key: ['name'], order: 'at DESC, value DESC' },
  {
    table: 'feature_history', key: ['name'], order: 'recorded_at, at, seq', numbered: 'seq',
    columns: ['tenant_id', 'name', 'version', 'value', 'at', 'recorded_at'],
  },
  { table: 'feature_shadow_values', key: ['name', 'version'], order: 'customer_id' },
  { table: 'segment_members', key: ['segment_id'], order: 'expires_at DESC NULLS FIRST, since' },
  { table: 'customer_consents' },
];
