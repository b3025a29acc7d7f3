import type { ShopServer } from './shop-server.js';

interface Update {
  readonly decisionUpdates: {
    readonly cursor: string;
    readonly cause: { readonly kind: string; readonly subject: string | null };
    readonly decision: { readonly selectedContent: { readonly id: string } | null };
  };
}

export interface Updates {
  /** Kind and subject of the cause, and what is shown now. Fails after ten seconds without one. */
  next(): Promise<readonly [kind: string, subject: string | null, itemId: string | null]>;
  /** Whether nothing comes for a while. */
  isSilent(): Promise<boolean>;
  readonly cursor: string;
  close(): Promise<void>;
}

export interface UpdatesOptions {
  readonly key?: string;
  readonly after?: string;
  readonly placement?: string;
}

/** A page that stays open for a customer, by a real client. */
export async function updatesOf(shop: Pick<ShopServer, 'socket'>, customerId: string, { key, after, placement }: UpdatesOptions = {}): Promise<Updates> {
  const client = shop.socket(key);
  const waiting: Update[] = [];
  const heard: { wake?: () => void; failure?: unknown; cursor: string } = { cursor: '' };
  client.subscribe<Update>(
    {
      query: 'subscription Watch($customer: ID!, $after: Cursor, $placement: ID) { decisionUpdates(customerId: $customer, after: $after, placement: $placement) { cursor cause { kind subject } decision { selectedContent { id } } } }',
      variables: { customer: customerId, ...(after !== undefined && { after }), ...(placement !== undefined && { placement }) },
    },
    {
      next: ({ data, errors }) => {
        if (data) waiting.push(data);
        else heard.failure = errors;
        heard.wake?.();
      },
      error: error => {
        heard.failure = error;
        heard.wake?.();
      },
      complete: () => heard.wake?.(),
    },
  );
  const within = async (ms: number): Promise<Update | undefined> => {
    if (waiting.length === 0 && heard.failure === undefined) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, ms);
        heard.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return waiting.shift();
  };
  return {
    async next() {
      const update = await within(10_000);
      if (update === undefined) throw new Error(`No update came: ${JSON.stringify(heard.failure)}`);
      const { cause, decision, cursor } = update.decisionUpdates;
      heard.cursor = cursor;
      return [cause.kind, cause.subject, decision.selectedContent?.id ?? null];
    },
    isSilent: async () => (await within(300)) === undefined && heard.failure === undefined,
    get cursor() {
      return heard.cursor;
    },
    close: async () => client.dispose(),
  };
}
