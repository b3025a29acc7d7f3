import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

export interface OnDemand {
  /** Answers a POST with the address of the server, started by the first; with nothing where none can be had. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A server that is started when a test file asks for it: most runs need none, and each file runs in a process of its own. */
export async function onDemand(start: () => Promise<Server | undefined>): Promise<OnDemand> {
  let started: Promise<Server | undefined> | undefined;
  const door = createServer((_request, response) => {
    started ??= start();
    started.then(
      server => response.end(server?.url ?? ''),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  door.requestTimeout = 0;
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    async stop() {
      door.closeAllConnections();
      door.close();
      await (await started?.catch(() => undefined))?.stop();
    },
  };
}
