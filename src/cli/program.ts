import { randomInt } from 'node:crypto';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { seededRandom } from '../kernel/random.js';
import { evaluatedPolicies, type EvaluatedPolicy } from '../learning/policy-evaluation.js';
import type { ClientConfig } from '../platform/config.js';
import { clientOf, connectionOf, type Client } from './client.js';
import { describeEvaluation, evaluate } from './evaluate.js';
import { CommandFailed } from './failure.js';
import { addFeatureVersions } from './feature-commands.js';
import { describeMembers, importMembers } from './import-members.js';
import { describeImport, importOpenBandit } from './open-bandit/import-open-bandit.js';
import { describeParity, parity } from './parity.js';
import { describeReplay, replay, type ReplayOptions } from './replay.js';
import { describeRecompute, recompute } from './recompute.js';
import { rotateKeys } from './rotate-keys.js';
import { describeRebuilds, rebuild } from './rebuild.js';
import { simulate } from './simulate.js';
import type { Terminal } from './terminal.js';
import { downloadTrainingSet, type TrainingSetOptions } from './training-set.js';
import { watch } from './watch.js';

export interface CommandLineDeps {
  readonly version: string;
  readonly terminal: Terminal;
  readonly client: ClientConfig;
  /** Runs the server until it is told to end. */
  readonly serve: () => Promise<void>;
  /** Applies what migrations are missing; answers with their names. */
  readonly migrate: () => Promise<readonly string[]>;
}

interface JsonOption {
  readonly json?: true;
}

interface EvaluateOptions {
  readonly log: string;
  readonly policy: EvaluatedPolicy;
  readonly placement?: string;
}

/**
 * Runs one command of `attune`.
 * @param args without the program's own name
 * @returns the exit status: 0, or 1 where it failed, which has been said on the terminal
 */
export async function runCommandLine(args: readonly string[], deps: CommandLineDeps): Promise<0 | 1> {
  const { terminal } = deps;
  try {
    await programOf(deps).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1; // has written what there is to say
    if (!(error instanceof CommandFailed)) throw error;
    terminal.err(error.message);
    return 1;
  }
}

function programOf(deps: CommandLineDeps): Command {
  const { terminal, version } = deps;
  const program = new Command('attune')
    .description('Real-time marketing personalization.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: text => { terminal.out(text.trimEnd()); }, writeErr: text => { terminal.err(text.trimEnd()); } });
  const client = async (): Promise<Client> => clientOf(await connectionOf(deps.client));
  addServing(program, deps);
  addImport(program, terminal, client);
  addEvaluate(program, terminal, client);
  addSimulate(program, terminal, client);
  addFeatures(program, terminal, client);
  addFeatureVersions(program, terminal, client, wholePositive);
  addRotateKeys(program, terminal, client);
  addReplay(program, terminal, client);
  addWatch(program, deps);
  addSegment(program, deps);
  addRebuild(program, terminal, client);
  addTrainingSet(program, deps);
  return program;
}

function addServing(program: Command, { serve, migrate, terminal }: CommandLineDeps): void {
  program.command('serve').description('Start the server.').action(serve);
  program
    .command('migrate')
    .description('Bring the database to the present schema, and end.')
    .option('--json', 'answer in JSON')
    .action(async ({ json }: JsonOption) => {
      const applied = await migrate();
      if (json) terminal.out(JSON.stringify({ applied }));
      else for (const line of applied.length === 0 ? ['Nothing to do.'] : applied.map(it => `Applied ${it}.`)) terminal.out(line);
    });
}

function addImport(program: Command, terminal: Terminal, client: () => Promise<Client>): void {
  program
    .command('import')
    .description("Bring another system's data into a running server.")
    .command('open-bandit')
    .description('Logs in the layout of the Open Bandit Dataset: every <policy>-<campaign>.csv.gz with its <policy>-<campaign>-items.csv. Run again, it sends what is missing.')
    .argument('<folder>', 'where the logs are')
    .option('--json', 'answer in JSON')
    .action(async (folder: string, { json }: JsonOption) => {
      const reports = await importOpenBandit(folder, await client(), terminal);
      for (const line of json ? [JSON.stringify({ logs: reports })] : describeImport(reports)) terminal.out(line);
    });
}

function addEvaluate(program: Command, terminal: Terminal, client: () => Promise<Client>): void {
  program
    .command('evaluate')
    .description('Estimate from a log what another policy would have got, without showing anything to anybody.')
    .requiredOption('--log <name>', 'the log: live, or an imported one such as bts-men')
    .addOption(new Option('--policy <name>', 'the policy to judge').choices(evaluatedPolicies).makeOptionMandatory())
    .option('--placement <id>', "only decisions of this placement; linucb then has its bandit's features")
    .option('--json', 'answer in JSON')
    .action(async ({ json, placement, log, policy }: JsonOption & EvaluateOptions) => {
      const evaluation = await evaluate(await client(), { log, policy, placementId: placement });
      for (const line of json ? [JSON.stringify(evaluation)] : describeEvaluation(evaluation)) terminal.out(line);
    });
}

function addSimulate(program: Command, terminal: Terminal, client: () => Promise<Client>): void {
  program
    .command('simulate')
    .description("Send the demo shop's customers to a running server, and watch it decide and learn: what is clicked follows from the demo's known truth.")
    .option('--visits <count>', 'how many', positive, 2000)
    .option('--rate <count>', 'visits a second', positive, 50)
    .option('--placement <id>', 'where they are met; by default the default placement')
    .option('--json', 'answer in JSON')
    .action(async ({ json, ...options }: JsonOption & { readonly visits: number; readonly rate: number; readonly placement?: string }) => {
      const result = await simulate(await client(), { ...options, random: seededRandom(randomInt(2 ** 32)) }, { ...terminal, out: json ? () => undefined : terminal.out });
      if (json) terminal.out(JSON.stringify(result));
    });
}

function addFeatures(program: Command, terminal: Terminal, client: () => Promise<Client>): void {
  program
    .command('parity')
    .description('Recount a sample of the customers from the log, and say where readers see something else.')
    .option('--sample <count>', 'how many customers, 1 to 5000', wholePositive, 500)
    .option('--json', 'answer in JSON')
    .action(async ({ json, sample }: JsonOption & { readonly sample: number }) => {
      const report = await parity(await client(), sample);
      for (const line of json ? [JSON.stringify(report)] : describeParity(report)) terminal.out(line);
    });
  program
    .command('recompute')
    .description('Recount every computed feature of every customer from the log, in one reading of it, and write what differs.')
    .option('--json', 'answer in JSON')
    .action(async ({ json }: JsonOption) => {
      const report = await recompute(await client(), terminal);
      terminal.out(json ? JSON.stringify(report) : describeRecompute(report));
    });
}

function addRotateKeys(program: Command, terminal: Terminal, client: () => Promise<Client>): void {
  program
    .command('rotate-keys')
    .description('Wrap all keys of personal data by the newest master key, while the server runs: put the new key first in its file, run this, then remove the old one.')
    .option('--json', 'answer in JSON')
    .action(async ({ json }: JsonOption) => {
      const report = await rotateKeys(await client(), terminal);
      terminal.out(json ? JSON.stringify(report) : `All ${report.total} keys are wrapped by the master key ${report.masterKey}.`);
    });
}

function addReplay(program: Command, terminal: Terminal, client: () => Promise<Client>): void {
  program
    .command('replay')
    .description(
      'Stream a part of the log of events again to whoever works out what follows from it: features, segments and online records of its customers are made anew from all of their events. '
      + 'No event is added or counted twice, and where all is as it should be nothing changes. Nothing is pushed but what really changes.',
    )
    .requiredOption('--from <time>', 'events of this time and later, by when they happened: 2026-03-01T00:00:00Z')
    .requiredOption('--to <time>', 'events before this time')
    .option('--type <name>', 'only events of this type')
    .option('--customer <id>', 'only events of this customer')
    .option('--json', 'answer in JSON')
    .action(async ({ json, ...options }: JsonOption & ReplayOptions) => {
      const report = await replay(await client(), options, terminal);
      terminal.out(json ? JSON.stringify(report) : describeReplay(report));
    });
}

function addWatch(program: Command, { terminal, client }: CommandLineDeps): void {
  program
    .command('watch')
    .description('Print what is decided for a customer, and every new decision that is pushed, with its cause.')
    .argument('<customer>', 'id of the customer')
    .option('--placement <id>', 'by default the default placement')
    .option('--json', 'a line of JSON for each')
    .action(async (customerId: string, { json, placement }: JsonOption & { readonly placement?: string }) => {
      await watch(await connectionOf(client), { customerId, placement, json: json === true }, terminal);
    });
}

function addRebuild(program: Command, terminal: Terminal, client: () => Promise<Client>): void {
  program
    .command('rebuild')
    .description('Empty what a running server has made from PostgreSQL, and fill it again while it runs. Without options, all that it has.')
    .option('--redis', 'the online records in Redis')
    .option('--elasticsearch', 'the index of customers in Elasticsearch')
    .option('--json', 'answer in JSON')
    .action(async ({ json, redis, elasticsearch }: JsonOption & { readonly redis?: true; readonly elasticsearch?: true }) => {
      const reports = await rebuild(await client(), [...(redis ? ['REDIS'] : []), ...(elasticsearch ? ['ELASTICSEARCH'] : [])], terminal);
      for (const line of json ? [JSON.stringify({ rebuilds: reports })] : describeRebuilds(reports)) terminal.out(line);
    });
}

function addSegment(program: Command, { terminal, client }: CommandLineDeps): void {
  program
    .command('segment')
    .description('Work with the segments of a running server.')
    .command('import')
    .description('Put the customers of a CSV on a list that is kept by hand. Columns: customerId, and expiresAt where they leave by themselves. Run again, it changes nothing.')
    .argument('<segment>', 'id of the list')
    .argument('<file>', 'the CSV')
    .option('--json', 'answer in JSON')
    .action(async (segmentId: string, file: string, { json }: JsonOption) => {
      const report = await importMembers(file, segmentId, await connectionOf(client), terminal);
      for (const line of json ? [JSON.stringify(report)] : describeMembers(report)) terminal.out(line);
    });
}

function addTrainingSet(program: Command, { terminal, client }: CommandLineDeps): void {
  program
    .command('training-set')
    .description('Write a file with a row for each decision of a placement: features as they were when it was made, and what came of it.')
    .requiredOption('--placement <id>', 'whose decisions')
    .requiredOption('--from <time>', 'the first of them, as ISO-8601')
    .requiredOption('--to <time>', 'those before this time')
    .requiredOption('--out <file>', 'where to write it')
    .option('--features <names>', 'names with commas between them')
    .addOption(new Option('--format <name>', 'how to write it').choices(['csv', 'parquet']).default('csv'))
    .option('--json', 'answer in JSON')
    .action(async ({ json, ...options }: JsonOption & TrainingSetOptions) => {
      const report = await downloadTrainingSet(await connectionOf(client), options, terminal);
      terminal.out(json ? JSON.stringify(report) : `${report.file}: ${report.bytes} bytes`);
    });
}

function wholePositive(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It is a whole number above 0.');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It is a number above 0.');
  return value;
}
