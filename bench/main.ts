import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { killChildren } from './child.js';
import { meetsGoal, ratioOf, tableOf, type Figure } from './figure.js';
import { benchEvents } from './events.js';
import { benchFeatures } from './features.js';
import { benchGather } from './gather.js';
import { benchMemberships } from './memberships.js';
import { segmentFigures } from './segments.js';
import { benchPersonalize, benchPersonalizeMany } from './http.js';
import { benchInference } from './inference.js';
import { benchLive } from './live.js';
import { benchPipeline } from './pipeline.js';
import { benchRecompute } from './recompute.js';
import { benchRegret, describeRegret } from './regret.js';
import { benchSoak } from './soak.js';
import { openShop, type Shop } from './shop.js';

/** Names of benchmarks run these alone; `--quick` shortens each, to see that it works; `--full` takes as much data as the goals speak of; `--spark` recomputes in Spark, too. */
const { positionals, values: { quick, full, spark } } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, full: { type: 'boolean', default: false }, spark: { type: 'boolean', default: false } },
});

const length = quick ? { rounds: 1, seconds: 1 } : { rounds: 12, seconds: 2 };
let opened: Promise<Shop> | undefined;
const shop = (): Promise<Shop> => (opened ??= openShop());

const out = (line: string): void => { process.stdout.write(`${line}\n`); };

const benchmarks: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  http: async () => benchPersonalize(await shop(), length),
  many: async () => benchPersonalizeMany(await shop(), length),
  pipeline: async () => pipelineFigures(),
  gather: benchGather,
  segments: async () => segmentFigures(),
  memberships: () => benchMemberships(quick ? { customers: 2000, events: 20 } : { customers: full ? 100_000 : 10_000, events: 200 }),
  recompute: () => benchRecompute(full ? { events: 2_000_000, customers: 100_000 } : quick ? { events: 20_000, customers: 1000 } : { events: 200_000, customers: 10_000 }, spark),
  features: () => benchFeatures(quick ? { seconds: 0.5, rounds: 1 } : { seconds: 3, rounds: 3 }),
  events: async () => benchEvents(await shop(), quick ? { rounds: 1, batches: 16 } : { rounds: 5, batches: 256 }),
  live: async () => benchLive(await shop(), quick ? { changes: 200, broadcasts: 2 } : { changes: 2000, broadcasts: 10 }),
  inference: inferenceFigures,
  regret: async () => regretFigures(),
  soak: async () => benchSoak(await shop(), quick ? { seconds: 8, stepSeconds: 1 } : { seconds: 300, stepSeconds: 10 }),
};

function pipelineFigures(): readonly Figure[] {
  const { microseconds, decisionsPerSecond } = benchPipeline();
  return [{ name: 'pipeline alone', value: microseconds, unit: 'µs', goal: { of: 'value', atMost: 30 }, note: `${Math.round(decisionsPerSecond)} decisions/s, without I/O and model` }];
}

async function inferenceFigures(): Promise<readonly Figure[]> {
  return [await inferenceFigure('inference in worker threads', 0), await inferenceFigure('inference in place', 10_000)];
}

async function inferenceFigure(name: string, inPlaceMicroseconds: number): Promise<Figure> {
  const it = await benchInference(inPlaceMicroseconds);
  return {
    name,
    value: it.rowsPerSecond,
    unit: 'rows/s',
    floor: { name: 'raw, batches of 64', value: it.rawRowsPerSecondBy64 },
    goal: { of: 'ratio', atLeast: 0.7 },
    note: `raw, call by call ${Math.round(it.rawRowsPerSecond)} rows/s, in the port's batches ${Math.round(it.rawBatchedRowsPerSecond)}; ${it.callsPerBatch.toFixed(1)} calls a batch; a call alone ${it.loneCallMicroseconds.toFixed(0)} µs, raw ${it.rawLoneCallMicroseconds.toFixed(0)} µs`,
  };
}

function regretFigures(): readonly Figure[] {
  const all = benchRegret();
  for (const line of describeRegret(all)) out(line);
  const after = (policy: string): number => all.find(it => it.policy === policy)?.byRounds[10_000] ?? Number.NaN;
  return [{
    name: 'average regret of LinUCB after 10,000 rounds',
    value: after('LinUCB'),
    unit: 'a round',
    floor: { name: 'uniform', value: after('uniform') },
    goal: { of: 'value', atMost: 0.036 },
    note: `epsilon-greedy 0.1: ${after('epsilon-greedy 0.1').toFixed(4)}`,
  }];
}

async function run(names: readonly string[]): Promise<void> {
  const figures: Figure[] = [];
  for (const name of names) {
    out(`${name} ...`);
    const found = await benchmarks[name]?.() ?? [];
    figures.push(...found);
  }
  out('');
  for (const line of tableOf(figures)) out(line);
  const results = {
    at: new Date().toISOString(),
    machine: { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model },
    figures: figures.map(it => ({ ...it, ratio: ratioOf(it), meetsGoal: meetsGoal(it) })),
  };
  await writeFile(path.join(import.meta.dirname, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
}

async function close(): Promise<void> {
  killChildren();
  await (await opened)?.stop();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close().finally(() => process.exit(1)));

const unknown = positionals.filter(it => !(it in benchmarks));
if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')}; there are ${Object.keys(benchmarks).join(', ')}`);
try {
  await run(positionals.length > 0 ? positionals : Object.keys(benchmarks));
} finally {
  await close();
}
