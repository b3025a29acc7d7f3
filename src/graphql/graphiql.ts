import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { graphiqlPage, graphiqlScript, type GraphiqlExample } from './graphiql-page.js';

const path = '/graphiql';
const contentTypes: Readonly<Record<string, string>> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' };

/** GraphiQL, all of it from this server. `/graphiql#key=…` opens it with that credential: a fragment is never sent. */
export function serveGraphiql(server: FastifyInstance, examples: readonly GraphiqlExample[]): void {
  const page = graphiqlPage(path, examples);
  server.get(path, (_request, reply) => {
    void reply
      .type('text/html; charset=utf-8')
      .header(
        'content-security-policy',
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'",
      )
      .send(page);
  });
  server.get(`${path}/start.js`, (_request, reply) => {
    void reply.type(contentTypes['.js'] ?? '').send(graphiqlScript);
  });
  for (const [name, file] of assets()) {
    server.get(`${path}/${name}`, async (_request, reply) => {
      void reply.type(contentTypes[extname(name)] ?? '').header('cache-control', 'max-age=3600');
      return readFile(file);
    });
  }
}

/** File names under the page's address, and where they lie. */
function assets(): readonly (readonly [string, string])[] {
  const require = createRequire(import.meta.url);
  const react = dirname(require.resolve('react/package.json'));
  const reactDom = dirname(require.resolve('react-dom/package.json'));
  const graphiql = dirname(require.resolve('graphiql/package.json'));
  const socketClient = join(dirname(require.resolve('graphql-ws/package.json')), 'dist');
  const chunks = readdirSync(socketClient).filter(name => name === 'client.js' || /^common-.*\.js$/.test(name));
  return [
    ['react.js', join(react, 'umd/react.production.min.js')],
    ['react-dom.js', join(reactDom, 'umd/react-dom.production.min.js')],
    ['graphiql.js', join(graphiql, 'graphiql.min.js')],
    ['graphiql.css', join(graphiql, 'graphiql.min.css')],
    ...chunks.map(name => [name, join(socketClient, name)] as const),
  ];
}
