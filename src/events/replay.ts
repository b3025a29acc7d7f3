/** Which part of the log. */
export interface ReplayFilter {
  /** Epoch milliseconds; events at `from` and after it, before `to`. */
  readonly from: number;
  readonly to: number;
  readonly type?: string | undefined;
  readonly customerId?: string | undefined;
}

export interface ReplayPage {
  /** Of the customers of this page, those that the filter takes. */
  readonly events: number;
  readonly customerIds: readonly string[];
}

export interface ReplayLog {
  /** Customers with such events, and how many events there are. */
  count(tenantId: string, filter: ReplayFilter): Promise<{ readonly customers: number; readonly events: number }>;
  /** Marks the next customers with such events, by the order of their ids, so that everything made from their events is made anew. */
  mark(tenantId: string, filter: ReplayFilter, page: { readonly first: number; readonly after: string | undefined }): Promise<ReplayPage>;
}
