import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Client } from './client.js';
import { CommandFailed } from './failure.js';
import { progress, table, type Terminal } from './terminal.js';

const definitionsQuery = '{ featureDefinitions { name kind valueType version description } }';
const versionsQuery = `query Versions($name: ID!) {
  featureVersions(name: $name) { version state definition { name kind valueType description } job { kind version total done startedAt finishedAt } }
}`;
const comparisonQuery = `query Compare($name: ID!) {
  compareFeatureVersions(name: $name) { name ${['live', 'candidate'].map(it => `${it} { version customers nullRate mean quantiles }`).join(' ')} stabilityIndex stabilityByChance differing }
}`;
const payload = '{ configurationVersion featureDefinition { name version } }';
const changes = {
  propose: `mutation Propose($input: FeatureDefinitionInput!) { changed: proposeFeatureVersion(input: $input) ${payload} }`,
  promote: `mutation Promote($input: PromoteFeatureVersionInput!) { changed: promoteFeatureVersion(input: $input) ${payload} }`,
  rollBack: `mutation RollBack($input: RollBackFeatureInput!) { changed: rollBackFeature(input: $input) ${payload} }`,
} as const;

const definitionSchema = z.object({ name: z.string(), kind: z.string(), valueType: z.string(), description: z.string() });
const definitionsSchema = z.object({ featureDefinitions: z.array(definitionSchema.extend({ version: z.number().nullable() })) });
const jobSchema = z.object({ kind: z.enum(['fill', 'restore']), version: z.number(), total: z.number(), done: z.number(), startedAt: z.string(), finishedAt: z.string().nullable() });
const versionSchema = z.object({ version: z.number(), state: z.enum(['LIVE', 'CANDIDATE', 'PAST']), definition: definitionSchema, job: jobSchema.nullable() });
const versionsSchema = z.object({ featureVersions: z.array(versionSchema) });
const profileSchema = z.object({ version: z.number().nullable(), customers: z.number(), nullRate: z.number(), mean: z.number().nullable(), quantiles: z.array(z.number()) });
const comparisonSchema = z.object({
  compareFeatureVersions: z.object({
    name: z.string(), live: profileSchema, candidate: profileSchema, stabilityIndex: z.number().nullable(), stabilityByChance: z.number().nullable(), differing: z.number(),
  }),
});
const changedSchema = z.object({ changed: z.object({ configurationVersion: z.number(), featureDefinition: z.object({ name: z.string(), version: z.number().nullable() }) }) });

export type FeatureReport = z.infer<typeof definitionsSchema>['featureDefinitions'][number];
export type VersionReport = z.infer<typeof versionSchema>;
export type ComparisonReport = z.infer<typeof comparisonSchema>['compareFeatureVersions'];
export interface ChangeReport {
  readonly name: string;
  readonly version: number;
  readonly configurationVersion: number;
}

const everyMs = 250;

export async function listFeatures(client: Client): Promise<readonly FeatureReport[]> {
  return definitionsSchema.parse(await client.request(definitionsQuery, {})).featureDefinitions;
}

export async function listVersions(client: Client, name: string): Promise<readonly VersionReport[]> {
  return versionsSchema.parse(await client.request(versionsQuery, { name })).featureVersions;
}

export async function compareVersions(client: Client, name: string): Promise<ComparisonReport> {
  return comparisonSchema.parse(await client.request(comparisonQuery, { name })).compareFeatureVersions;
}

/** @param file JSON of the definition, as `proposeFeatureVersion` takes it @throws CommandFailed where it cannot be read */
export async function propose(client: Client, file: string): Promise<ChangeReport> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CommandFailed(`${file} cannot be read.`, { cause });
  });
  return change(client, 'propose', parsed(text, file));
}

export const promote = (client: Client, name: string): Promise<ChangeReport> => change(client, 'promote', { name });

/** @param version by default the one before */
export const rollBack = (client: Client, name: string, version: number | undefined): Promise<ChangeReport> => change(client, 'rollBack', { name, version });

async function change(client: Client, what: keyof typeof changes, input: unknown): Promise<ChangeReport> {
  const { configurationVersion, featureDefinition: { name, version } } = changedSchema.parse(await client.request(changes[what], { input })).changed;
  return { name, version: version ?? 1, configurationVersion };
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandFailed(`${file} is no JSON.`, { cause });
  }
}

/**
 * Waits until the work over all customers that a version of the feature had begun is done.
 * @returns undefined where there is none, else the version with its work as it ended
 */
export async function follow(client: Client, name: string, terminal: Terminal): Promise<VersionReport | undefined> {
  let [found, shown] = [latest(await listVersions(client, name)), 0];
  const total = found?.job?.total ?? 0;
  const bar = progress(terminal, 'computed', total, 'customers');
  try {
    for (;;) {
      const done = found?.job?.done ?? 0;
      bar.advance(done - shown);
      shown = done;
      if (found?.job?.finishedAt !== null) return found;
      await sleep(everyMs);
      found = latest(await listVersions(client, name));
    }
  } finally {
    bar.end();
  }
}

/** What is under way comes before what has ended. */
function latest(versions: readonly VersionReport[]): VersionReport | undefined {
  return versions.find(it => it.job?.finishedAt === null) ?? versions.filter(it => it.job !== null).sort((a, b) => startOf(a) - startOf(b)).at(-1);
}

const startOf = ({ job }: VersionReport): number => Date.parse(job?.startedAt ?? '');

export function describeFeatures(features: readonly FeatureReport[]): readonly string[] {
  return table([['feature', 'kind', 'values', 'version', ''], ...features.map(it => [it.name, it.kind, it.valueType, String(it.version ?? 1), it.description])]);
}

export function describeVersions(versions: readonly VersionReport[]): readonly string[] {
  return table([['version', 'state', 'kind', 'work'], ...versions.map(it => [String(it.version), it.state.toLowerCase(), it.definition.kind, it.job === null ? '' : describeJob(it.job)])]);
}

export function describeFollowed(name: string, found: VersionReport | undefined): string {
  return found?.job ? `${name}, version ${found.version}: ${describeJob(found.job)}` : `There is no work for ${name}.`;
}

function describeJob({ kind, done, total, finishedAt }: NonNullable<VersionReport['job']>): string {
  return `${kind === 'fill' ? 'computed' : 'put back'} for ${done} of ${total} customers${finishedAt === null ? ' so far' : ''}`;
}

export function describeComparison({ live, candidate, stabilityIndex, stabilityByChance, differing }: ComparisonReport): readonly string[] {
  const row = (label: string, cell: (of: ComparisonReport['live']) => string): readonly string[] => [label, cell(live), cell(candidate)];
  return [
    ...table([
      ['', 'live', 'candidate'],
      row('version', it => String(it.version ?? '')),
      row('customers', it => String(it.customers)),
      row('without a value', it => percent(it.nullRate)),
      row('mean', it => shown(it.mean)),
      ...['5 %', '25 %', '50 %', '75 %', '95 %'].map((label, i) => row(label, it => shown(it.quantiles[i] ?? null))),
    ]),
    `${percent(differing)} of the customers have another value.`,
    stabilityIndex === null ? 'Too few values for a stability index.' : `Stability index ${shown(stabilityIndex)}; ${shown(stabilityByChance)} by chance.`,
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const shown = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(5))));
