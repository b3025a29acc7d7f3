import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** One address for a server that comes and goes, each time at another port: closed, it refuses connections as a dead one does. */
export class Gate {
  readonly #open = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  /** @param target port of 127.0.0.1 */
  async open(target: number): Promise<void> {
    const server = createServer(inner => {
      const outer = connect(target, '127.0.0.1');
      for (const [from, to] of [[inner, outer], [outer, inner]] as const) {
        this.#open.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy()).on('close', () => {
          to.destroy();
          this.#open.delete(from);
        });
      }
    });
    await new Promise<void>(resolve => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** The address with this gate's port. */
  to(url: string): string {
    return Object.assign(new URL(url), { port: String(this.#port) }).href;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>(resolve => {
      if (server === undefined) resolve();
      else server.close(() => { resolve(); });
    });
  }
}

export const portOf = (url: string): number => Number(new URL(url).port);
