import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { defaultSocketLimits } from '../../src/graphql/sockets.js';
import { revoked, running, until, type Running } from './kit.js';

const limits = { ...defaultSocketLimits, initTimeoutMs: 150, recheckMs: 50, maxOperations: 3, maxPayloadBytes: 100_000 };
let it_: Running;
beforeAll(async () => {
  it_ = await running({ sockets: limits });
});
afterAll(() => it_.stop());

const wsUrl = (): string => it_.url.replace('http', 'ws');
const acknowledged = async (init?: object): ReturnType<Running['socket']> => {
  const client = await it_.socket(init);
  expect(await client.next()).toEqual({ type: 'connection_ack' });
  return client;
};

describe('close codes of graphql-transport-ws', () => {
  it('is 4400 for what is no message, and for a type that there is not', async () => {
    for (const text of ['no json', '{"type":"start"}', '{"type":"subscribe","id":"1","payload":{"query":7}}']) {
      const client = await acknowledged();
      client.send(text);
      expect((await client.closed).code).toBe(4400);
    }
  });

  it('is 4401 for an operation before the connection is acknowledged', async () => {
    const socket = new WebSocket(wsUrl(), 'graphql-transport-ws');
    const closed = new Promise<number>(resolve => socket.once('close', resolve));
    socket.once('open', () => {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } }));
    });
    expect(await closed).toBe(4401);
  });

  it.each([['wrong', { authorization: 'Bearer nonsense' }], ['missing', {}]])('is 4403 for a credential that is %s', async (_how, init) => {
    const client = await it_.socket(init);
    expect(await client.closed).toEqual({ code: 4403, reason: 'Forbidden' });
  });

  it('is 4403 when the credential expires, and what is open ends', async () => {
    const client = await acknowledged({ authorization: `Bearer expires-${Date.now() + 300}` });
    client.subscribe('1', 'subscription { ticks { n } }');
    await until(() => it_.shelf.queues.size === 1);
    expect((await client.closed).code).toBe(4403);
    await until(() => it_.shelf.queues.size === 0);
  });

  it('is 4403 when the credential is revoked, for its own sockets alone', async () => {
    const client = await acknowledged({ authorization: 'Bearer browser-eve' });
    const other = await acknowledged({ authorization: 'Bearer browser-ada' });
    revoked.add('browser-eve');
    expect((await client.closed).code).toBe(4403);
    other.subscribe('q', '{ __typename }');
    expect((await other.next()).payload).toEqual({ data: { __typename: 'Query' } });
  });

  it('is 4406 for another protocol', async () => {
    const socket = new WebSocket(wsUrl());
    expect(await new Promise<number>(resolve => socket.once('close', resolve))).toBe(4406);
  });

  it('is 4408 for a socket that never says who it is', async () => {
    const socket = new WebSocket(wsUrl(), 'graphql-transport-ws');
    expect(await new Promise<number>(resolve => socket.once('close', resolve))).toBe(4408);
  });

  it('is 4409 for an id that is in use', async () => {
    const client = await acknowledged();
    client.subscribe('same', 'subscription { ticks { n } }');
    await until(() => it_.shelf.queues.size === 1);
    client.subscribe('same', 'subscription { ticks { n } }');
    expect((await client.closed).code).toBe(4409);
    await until(() => it_.shelf.queues.size === 0);
  });

  it('is 4429 for a second initialisation', async () => {
    const client = await acknowledged();
    client.send({ type: 'connection_init' });
    expect((await client.closed).code).toBe(4429);
  });

  it('is 4500 for a bug of ours, without a word about it', async () => {
    const client = await it_.socket({ authorization: 'Bearer bug' });
    expect(await client.closed).toEqual({ code: 4500, reason: 'Internal server error' });
    expect(it_.logged.join('')).toContain('hunter2');
  });

  it('is 1009 for a message that is too large', async () => {
    const client = await acknowledged();
    client.subscribe('1', `{ book(id: "${'x'.repeat(200_000)}") { id } }`);
    expect((await client.closed).code).toBe(1009);
  });
});

describe('upgrades', () => {
  const answerTo = (path: string, headers: Record<string, string>): Promise<number | undefined> =>
    new Promise(resolve => {
      const socket = new WebSocket(wsUrl().replace('/graphql', path), 'graphql-transport-ws', { headers });
      socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode);
        socket.terminate();
      });
      socket.once('error', () => undefined);
      socket.once('open', () => {
        resolve(101);
        socket.terminate();
      });
    });

  it('are refused to pages of other origins, and elsewhere', async () => {
    expect(await answerTo('/graphql', {})).toBe(101);
    expect(await answerTo('/graphql', { origin: it_.url.replace('/graphql', '') })).toBe(101);
    expect(await answerTo('/graphql', { origin: 'https://evil.example' })).toBe(403);
    expect(await answerTo('/elsewhere', {})).toBe(404);
  });

  it('that are left half open disturb nobody', async () => {
    const { port } = new URL(it_.url);
    const half = connect(Number(port), '127.0.0.1');
    half.write('GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n');
    const client = await acknowledged();
    client.subscribe('1', '{ book(id: "b1") { id } }');
    expect((await client.next()).payload).toEqual({ data: { book: { id: 'b1' } } });
    half.destroy();
  });
});

describe('operations over a WebSocket', () => {
  it('are queries, mutations and subscriptions', async () => {
    const client = await acknowledged();
    client.subscribe('q', 'query ($id: ID!) { book(id: $id) { title } }', { id: 'b7' });
    expect(await client.next()).toEqual({ id: 'q', type: 'next', payload: { data: { book: { title: 'Book 7' } } } });
    expect(await client.next()).toEqual({ id: 'q', type: 'complete' });
    client.subscribe('m', 'mutation { rate(input: { stars: 4 }) }');
    expect((await client.next()).payload).toEqual({ data: { rate: 4 } });
    expect((await client.next()).type).toBe('complete');
    client.subscribe('s', 'subscription { ticks { n } }');
    await until(() => it_.shelf.queues.size === 1);
    it_.shelf.tick(1);
    expect((await client.next()).payload).toEqual({ data: { ticks: { n: 1 } } });
    client.send({ id: 's', type: 'complete' });
    await until(() => it_.shelf.queues.size === 0);
  });

  it('load rows anew for each event, and once an event', async () => {
    const client = await acknowledged();
    client.subscribe('s', 'subscription { ticks { title again: title } }');
    await until(() => it_.shelf.queues.size === 1);
    const batches = it_.shelf.batches.length;
    it_.shelf.tick(1);
    expect((await client.next()).payload.data.ticks).toEqual({ title: 'Book 1', again: 'Book 1' });
    const book = it_.shelf.books[1];
    if (book !== undefined) it_.shelf.books[1] = { ...book, title: 'Renamed' };
    it_.shelf.tick(1);
    expect((await client.next()).payload.data.ticks.title).toBe('Renamed');
    expect(it_.shelf.batches.slice(batches)).toEqual([['b1'], ['b1']]);
    client.socket.close();
    await until(() => it_.shelf.queues.size === 0);
  });

  it.each([
    ['too deep', `{ book(id: "b1") { ${'next { '.repeat(12)}id${' }'.repeat(12)} } }`],
    ['too wide', `{ ${Array.from({ length: 21 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
    ['too costly', '{ page(first: 100) { edges { node { others { others { others { id } } } } } } }'],
    ['too costly to compile', '{ page(first: 0) { edges { node { ...F0 } } } }' + Array.from({ length: 25 }, (_, i) => ` fragment F${i} on Book { ${i < 24 ? `...F${i + 1} ...F${i + 1}` : 'id'} }`).join('')],
    ['too long', `{ __typename ${'@skip(if: false) '.repeat(500)} }`],
    ['too costly a subscription', 'subscription ($id: Boolean = true) { ticks { n @skip(if: $id) ...T } } fragment T on Tick { ' + 'n '.repeat(1990) + '}'],
  ])('are refused where they are %s', async (_how, query) => {
    const client = await acknowledged();
    client.subscribe('1', query);
    const message = await client.next();
    const [error] = message.type === 'error' ? message.payload : message.payload.errors;
    expect(error.extensions.code).toBe('LIMIT_EXCEEDED');
    expect(it_.shelf.queues.size).toBe(0);
  });

  it('are bounded in number', async () => {
    const client = await acknowledged();
    for (let i = 0; i < 4; i++) client.subscribe(`s${i}`, 'subscription { ticks { n } }');
    const message = await client.next();
    expect([message.id, message.type, message.payload[0].extensions.code]).toEqual(['s3', 'error', 'LIMIT_EXCEEDED']);
    expect(it_.shelf.queues.size).toBe(3);
    client.send({ id: 's0', type: 'complete' });
    await until(() => it_.shelf.queues.size === 2);
    client.subscribe('again', 'subscription { ticks { n } }');
    await until(() => it_.shelf.queues.size === 3);
    client.socket.terminate();
    await until(() => it_.shelf.queues.size === 0);
  });

  it.each(['subscription { neverOpens { n } }', '{ nothing }', 'subscription { ticks { n ', 'query A { __typename } query B { __typename }'])(
    'leave no subscription behind where they fail: %s',
    async query => {
      const client = await acknowledged();
      client.subscribe('1', query);
      const message = await client.next();
      expect(JSON.stringify(message)).not.toContain('hunter2');
      const errors = message.type === 'error' ? message.payload : message.payload.errors;
      expect(errors[0].extensions.code).toBe(query.includes('neverOpens') ? 'INTERNAL' : 'INVALID_INPUT');
      expect(it_.shelf.queues.size).toBe(0);
    },
  );
});

describe('a client that does not keep up', () => {
  it('is left behind by newer values, and loses its subscription when too many wait', async () => {
    const client = await acknowledged();
    client.subscribe('s', 'subscription { ticks { n } }');
    await until(() => it_.shelf.queues.size === 1);
    for (let n = 1; n <= 100; n++) it_.shelf.tick(n, '', 'same');
    const seen: number[] = [];
    while (seen.at(-1) !== 100) seen.push((await client.next()).payload.data.ticks.n as number);
    expect(seen.length).toBeLessThan(10);
    for (let n = 1; n <= 100; n++) it_.shelf.tick(n);
    let message = await client.next();
    while (message.type === 'next') message = await client.next();
    expect([message.type, message.payload[0].extensions.code]).toEqual(['error', 'SLOW_CONSUMER']);
    expect(it_.shelf.queues.size).toBe(0);
    client.subscribe('s', '{ __typename }');
    expect((await client.next()).payload).toEqual({ data: { __typename: 'Query' } });
  });

  it('is cut off when it reads nothing, while others go on receiving', async () => {
    const own = await running({ sockets: { ...defaultSocketLimits, keepAliveMs: 1000 } });
    const stuck = await own.socket();
    const well = await own.socket();
    for (const client of [stuck, well]) {
      await client.next();
      client.subscribe('s', 'subscription { ticks { n filler } }');
    }
    await until(() => own.shelf.queues.size === 2);
    stuck.socket.pause();
    const filler = 'x'.repeat(1_000_000);
    let seen = 0;
    for (let n = 1; own.shelf.queues.size === 2; n++) {
      own.shelf.tick(n, filler, 'same');
      expect((await well.nextOf('s')).payload.data.ticks.n).toBe(n);
      seen = n;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    await until(() => own.server.openSockets() === 1);
    own.shelf.tick(seen + 1);
    expect((await well.nextOf('s')).payload.data.ticks.n).toBe(seen + 1);
    await own.stop();
  });

  it('is cut off when more waits for it than is allowed', async () => {
    const own = await running({ sockets: { ...defaultSocketLimits, maxBufferedBytes: 1000 } });
    const client = await own.socket();
    await client.next();
    client.subscribe('s', 'subscription { ticks { filler } }');
    await until(() => own.shelf.queues.size === 1);
    client.socket.pause();
    own.shelf.tick(1, 'x'.repeat(10_000_000), 'same');
    await until(() => own.shelf.queues.values().next().value?.length === 0);
    client.subscribe('q', '{ __typename }');
    await until(() => own.shelf.queues.size === 0 && own.server.openSockets() === 0);
    await own.stop();
  });
});

describe('stopping', () => {
  it('closes sockets with 1001, lets requests end, and takes no more', async () => {
    let finish: (() => void) | undefined;
    const own = await running({}, [
      server => {
        server.get('/slow', async () => {
          await new Promise<void>(resolve => (finish = resolve));
          return { done: true };
        });
      },
    ]);
    const client = await own.socket();
    await client.next();
    client.subscribe('s', 'subscription { ticks { n } }');
    await until(() => own.shelf.queues.size === 1);
    const slow = fetch(own.url.replace('/graphql', '/slow'));
    await until(() => finish !== undefined);
    const stopped = own.server.stop();
    expect((await client.closed).code).toBe(1001);
    await expect(fetch(own.url)).rejects.toThrow();
    finish?.();
    expect(await (await slow).json()).toEqual({ done: true });
    await stopped;
    expect(own.shelf.queues.size).toBe(0);
    await own.server.stop();
  });

  it('cuts off who does not answer the closing of a socket, and requests that take too long', async () => {
    const own = await running({ drainMs: 100 }, [
      server => {
        server.get('/never', () => new Promise(() => undefined));
      },
    ]);
    const never = fetch(own.url.replace('/graphql', '/never'));
    const client = await own.socket();
    await client.next();
    client.socket.pause();
    const refused = expect(never).rejects.toThrow();
    await own.server.stop();
    await refused;
    expect(own.server.openSockets()).toBe(0);
    client.socket.terminate();
  });
});
