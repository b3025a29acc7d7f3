import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommandLine, type CommandLineDeps } from '../../src/cli/program.js';

interface Asked {
  readonly authorization: string | undefined;
  readonly body: { readonly query: string; readonly variables: Record<string, unknown> };
}

let folder: string;
let server: Server;
let answer: (asked: Asked) => string;
let asked: Asked[];
let out: string[];
let err: string[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'attune-cli-'));
  [asked, out, err] = [[], [], []];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', chunk => { text += String(chunk); });
    request.on('end', () => {
      const it: Asked = { authorization: request.headers.authorization, body: JSON.parse(text) as Asked['body'] };
      asked.push(it);
      response.end(answer(it));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  await rm(folder, { recursive: true });
});

const run = (args: readonly string[], deps: Partial<CommandLineDeps> = {}): Promise<0 | 1> =>
  runCommandLine(args, {
    version: '1.2.3',
    terminal: { out: line => out.push(line), err: line => err.push(line) },
    client: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: 'a-key', dataFolder: folder },
    serve: async () => undefined,
    migrate: async () => ['0001_init'],
    ...deps,
  });

const evaluation = (log: unknown, policy: unknown): object => ({
  log, policy, decisions: 10_000,
  ips: { value: 0.003, low: 0.001, high: 0.005 }, snips: { value: 0.004, low: 0.002, high: 0.006 },
  replay: null, effectiveSampleSize: 655.7, maxWeight: 178.25, supported: true, reason: null,
});
const evaluates = ({ body }: Asked): string => {
  const { log, policy } = body.variables['input'] as { readonly log: string; readonly policy: string };
  return JSON.stringify({ data: { evaluatePolicy: evaluation(log, policy) } });
};

describe('the command line', () => {
  it.each([
    [['--help'], 'serve'],
    [['serve', '--help'], 'Start the server'],
    [['migrate', '--help'], '--json'],
    [['import', 'open-bandit', '--help'], '<folder>'],
    [['evaluate', '--help'], '--policy <name>'],
    [['simulate', '--help'], '--visits <count>'],
    [['watch', '--help'], '<customer>'],
  ])('explains %j', async (args, text) => {
    expect(await run(args)).toBe(0);
    expect(out.join('\n')).toContain(text);
  });

  it('says its version', async () => {
    expect(await run(['--version'])).toBe(0);
    expect(out).toEqual(['1.2.3']);
  });

  it.each([
    [['frobnicate'], 'unknown command'],
    [['evaluate', '--log', 'live'], "required option '--policy <name>' not specified"],
    [['evaluate', '--log', 'live', '--policy', 'greedy'], 'Allowed choices are uniform, linucb'],
    [['simulate', '--visits', 'many'], 'It is a number above 0.'],
  ])('refuses %j with a reason and without a stack', async (args, reason) => {
    expect(await run(args)).toBe(1);
    expect(err.join('\n')).toContain(reason);
    expect(err.join('\n')).not.toContain('    at ');
  });

  it('tells which migrations it has applied', async () => {
    expect(await run(['migrate'])).toBe(0);
    expect(await run(['migrate', '--json'])).toBe(0);
    expect(await run(['migrate'], { migrate: async () => [] })).toBe(0);
    expect(out).toEqual(['Applied 0001_init.', '{"applied":["0001_init"]}', 'Nothing to do.']);
  });

  it('prints an evaluation as a table, or as one line of JSON', async () => {
    answer = evaluates;
    expect(await run(['evaluate', '--log', 'bts-men', '--policy', 'uniform'])).toBe(0);
    expect(out.join('\n')).toContain('0.003000  (95 %: 0.001000 to 0.005000)');
    out = [];
    expect(await run(['evaluate', '--log', 'bts-men', '--policy', 'uniform', '--json'])).toBe(0);
    expect(out.map(it => JSON.parse(it) as unknown)).toEqual([evaluation('bts-men', 'uniform')]);
  });

  it("speaks with the key it is given, else with the admin key of the data folder's keys.json", async () => {
    answer = evaluates;
    await run(['evaluate', '--log', 'l', '--policy', 'uniform']);
    await writeFile(path.join(folder, 'keys.json'), '{"admin":"from-the-file","server":"s","browser":"b"}');
    const { port } = server.address() as AddressInfo;
    await run(['evaluate', '--log', 'l', '--policy', 'uniform'], { client: { url: `http://127.0.0.1:${port}`, key: undefined, dataFolder: folder } });
    expect(asked.map(it => it.authorization)).toEqual(['Bearer a-key', 'Bearer from-the-file']);
  });

  it('says where a key can be had, where there is none', async () => {
    expect(await run(['evaluate', '--log', 'l', '--policy', 'uniform'], { client: { url: 'http://127.0.0.1:1', key: undefined, dataFolder: folder } })).toBe(1);
    expect(err).toEqual([`There is no key: set ATTUNE_KEY, or start the server once, which writes ${path.join(folder, 'keys.json')}.`]);
  });

  it('says so where nothing answers, or something else does', async () => {
    expect(await run(['evaluate', '--log', 'l', '--policy', 'uniform'], { client: { url: 'http://127.0.0.1:1', key: 'k', dataFolder: folder } })).toBe(1);
    answer = () => '<html>';
    expect(await run(['evaluate', '--log', 'l', '--policy', 'uniform'])).toBe(1);
    expect(err[0]).toMatch(/^Nothing answers at/);
    expect(err[1]).toMatch(/is not Attune/);
  });

  it("passes on the server's refusal with its code", async () => {
    answer = () => JSON.stringify({ errors: [{ message: 'There is no such log.', extensions: { code: 'NOT_FOUND' } }] });
    expect(await run(['evaluate', '--log', 'l', '--policy', 'uniform'])).toBe(1);
    expect(err).toEqual(['The server refused: There is no such log. (NOT_FOUND)']);
  });
});
