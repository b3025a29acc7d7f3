import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerQuestions, memoryWithoutGarbage } from './child.js';

/**
 * The floor of the live feed: a socket says which customers it follows, and what is posted about one of them, or about all, goes to those
 * sockets at once, a message for each customer. No decision, no GraphQL, no database.
 */
const followers = new Map<string, WebSocket>();

const server = createServer((request, response) => {
  void text(request).then(body => {
    const { customerId, message } = JSON.parse(body) as { readonly customerId: string | null; readonly message: string };
    for (const id of customerId === null ? followers.keys() : [customerId]) followers.get(id)?.send(message.replace('?', id));
    response.end('{}');
  });
});
new WebSocketServer({ server }).on('connection', socket => {
  socket.on('message', (data: Buffer) => {
    for (const id of JSON.parse(data.toString()) as readonly string[]) followers.set(id, socket);
    socket.send('{}');
  });
});
server.listen(0, '127.0.0.1', () => {
  answerQuestions(({ what }: { readonly what: 'address' | 'memory' }) =>
    what === 'memory' ? memoryWithoutGarbage() : `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
