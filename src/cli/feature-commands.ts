import type { Command } from 'commander';
import type { Client } from './client.js';
import {
  compareVersions, describeComparison, describeFeatures, describeFollowed, describeVersions, follow, listFeatures, listVersions, promote, propose, rollBack, type ChangeReport,
} from './feature-versions.js';
import type { Terminal } from './terminal.js';

interface JsonOption {
  readonly json?: true;
}

/** `attune features`. @param wholeAbove0 reads the number of a version */
export function addFeatureVersions(program: Command, terminal: Terminal, client: () => Promise<Client>, wholeAbove0: (text: string) => number): void {
  const features = program.command('features').description('See how features are computed in a running server, and change it: a new version is computed in the shadow, compared, promoted, rolled back.');
  const answer = (json: true | undefined, report: unknown, lines: readonly string[]): void => {
    for (const line of json ? [JSON.stringify(report)] : lines) terminal.out(line);
  };
  const command = (nameAndArguments: string, description: string): Command => features.command(nameAndArguments).description(description).option('--json', 'answer in JSON');

  command('list [feature]', 'All features; of one, all of its versions.').action(async (name: string | undefined, { json }: JsonOption) => {
    if (name === undefined) {
      const all = await listFeatures(await client());
      answer(json, { features: all }, describeFeatures(all));
    } else {
      const versions = await listVersions(await client(), name);
      answer(json, { versions }, describeVersions(versions));
    }
  });
  command('propose <file>', 'Compute another version for all customers in the shadow, and wait until it is there. The file holds the definition as JSON.').action(async (file: string, { json }: JsonOption) => {
    const api = await client();
    const { name } = await propose(api, file);
    const found = await follow(api, name, terminal);
    answer(json, found ?? null, [describeFollowed(name, found)]);
  });
  command('progress <feature>', 'Wait until the work over all customers for a version is done: a candidate that is computed, or values that are put back.').action(async (name: string, { json }: JsonOption) => {
    const found = await follow(await client(), name, terminal);
    answer(json, found ?? null, [describeFollowed(name, found)]);
  });
  command('compare <feature>', 'The candidate beside what is live.').action(async (name: string, { json }: JsonOption) => {
    const report = await compareVersions(await client(), name);
    answer(json, report, describeComparison(report));
  });
  const changed = (json: true | undefined, report: ChangeReport): void => {
    answer(json, report, [`${report.name} is computed as in version ${report.version}; customers follow.`]);
  };
  command('promote <feature>', 'Make the candidate what is live.').action(async (name: string, { json }: JsonOption) => {
    changed(json, await promote(await client(), name));
  });
  command('roll-back <feature>', 'Compute a feature as in an earlier version again, or put back what was set then.')
    .option('--to <version>', 'a version that was live; by default the one before', wholeAbove0)
    .action(async (name: string, { json, to }: JsonOption & { readonly to?: number }) => {
      changed(json, await rollBack(await client(), name, to));
    });
}
