import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { ClientConfig } from '../platform/config.js';
import { CommandFailed } from './failure.js';

/** A running server, by its GraphQL API. */
export interface Client {
  /** @throws CommandFailed where the server is not there, or refuses */
  request(document: string, variables: Readonly<Record<string, unknown>>): Promise<unknown>;
}

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }).optional() })).optional(),
});

const keysSchema = z.object({ admin: z.string() });
const timeoutMs = 60_000;

/** A server's address, and the key to speak to it with. */
export interface Connection {
  readonly url: string;
  readonly key: string;
}

/** @throws CommandFailed where there is no key */
export async function connectionOf({ url, key, dataFolder }: ClientConfig): Promise<Connection> {
  return { url, key: key ?? (await keyFromFile(dataFolder)) };
}

export function clientOf({ url, key }: Connection): Client {
  return { request: (document, variables) => post(url, key, { query: document, variables }) };
}

async function keyFromFile(dataFolder: string): Promise<string> {
  const file = path.join(dataFolder, 'keys.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CommandFailed(`There is no key: set ATTUNE_KEY, or start the server once, which writes ${file}.`);
  });
  const keys = keysSchema.safeParse(parseJson(text));
  if (!keys.success) throw new CommandFailed(`${file} holds no admin key; set ATTUNE_KEY.`);
  return keys.data.admin;
}

async function post(url: string, key: string, body: object): Promise<unknown> {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw new CommandFailed(`Nothing answers at ${url}. Is the server running (npm start)? ATTUNE_URL says where to look.`, { cause });
  });
  const answer = answerSchema.safeParse(parseJson(await response.text()));
  if (!answer.success) throw new CommandFailed(`What answers at ${url} is not Attune (HTTP status ${response.status}).`);
  const [error] = answer.data.errors ?? [];
  if (error !== undefined) throw new CommandFailed(`The server refused: ${error.message} (${error.extensions?.code ?? 'no code'})`);
  return answer.data.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
