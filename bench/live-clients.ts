import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { answerQuestions } from './child.js';

/** A post that causes pushes. */
export interface Trigger {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Who is to be told. */
  readonly customerIds: readonly string[];
}

export type Order =
  | {
    readonly kind: 'open';
    readonly url: string;
    /** Of the sockets' protocol; none for a bare one. */
    readonly protocol: 'graphql-transport-ws' | undefined;
    /** Sent when a socket is open; the answer to it is awaited. */
    readonly greeting: string | undefined;
    /** For each socket, what it then sends. */
    readonly messages: readonly (readonly string[])[];
    /** Pushes to wait for. */
    readonly first: number;
  }
  | { readonly kind: 'trigger'; readonly url: string; readonly triggers: readonly Trigger[]; readonly everyMs: number };

export interface Pushed {
  /** Milliseconds from the post's beginning to each push's arrival. */
  readonly latencies: readonly number[];
  /** Pushes that have not come within five seconds. */
  readonly missing: number;
}

const patienceMs = 5000;
const agent = new Agent({ keepAlive: true });
const waiting = new Map<string, (at: number) => void>();
let pushes = 0;

function arrived(data: Buffer): void {
  const at = performance.now();
  const message = data.toString();
  const customerId = /"customerId":"([^"]+)"/.exec(message)?.[1];
  if (customerId === undefined) return;
  pushes += 1;
  const tell = waiting.get(customerId);
  waiting.delete(customerId);
  tell?.(at);
}

async function open({ url, protocol, greeting, messages, first }: Extract<Order, { kind: 'open' }>): Promise<number> {
  pushes = 0;
  await Promise.all(messages.map(async own => {
    const socket = new WebSocket(url, protocol);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    if (greeting !== undefined) {
      socket.send(greeting);
      await new Promise(resolve => socket.once('message', resolve));
    }
    socket.on('message', (data: Buffer) => {
      if (data.includes('"type":"ping"')) socket.send('{"type":"pong"}');
      else arrived(data);
    });
    for (const message of own) socket.send(message);
  }));
  const until = performance.now() + patienceMs * 4;
  while (pushes < first && performance.now() < until) await sleep(20);
  if (pushes < first) throw new Error(`${first} subscriptions were opened, ${pushes} have answered`);
  return pushes;
}

/** By the clock, whether or not what was triggered before has arrived. */
async function trigger({ url, triggers, everyMs }: Extract<Order, { kind: 'trigger' }>): Promise<Pushed> {
  const started = performance.now();
  const all = await Promise.all(triggers.map(async (it, i) => {
    await sleep(Math.max(0, started + i * everyMs - performance.now()));
    return fire(url, it);
  }));
  return { latencies: all.flatMap(it => it.latencies), missing: all.reduce((sum, it) => sum + it.missing, 0) };
}

async function fire(url: string, { path, headers, body, customerIds }: Trigger): Promise<Pushed> {
  const posted = performance.now();
  const latencies: number[] = [];
  const told = Promise.all(customerIds.map(id => new Promise<void>(resolve => {
    waiting.set(id, at => {
      latencies.push(at - posted);
      resolve();
    });
  })));
  await post(url + path, headers, body);
  await Promise.race([told, sleep(patienceMs)]);
  for (const id of customerIds) waiting.delete(id);
  return { latencies, missing: customerIds.length - latencies.length };
}

function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const posted = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } }, response => {
      let text = '';
      response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
      response.on('end', () => {
        if (response.statusCode === 200 && !text.includes('"errors"')) resolve();
        else reject(new Error(`${url} answered ${String(response.statusCode)}: ${text}`));
      });
    });
    posted.on('error', reject);
    posted.end(body);
  });
}

answerQuestions((order: Order) => (order.kind === 'open' ? open(order) : trigger(order)));
