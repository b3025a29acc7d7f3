import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { CommandFailed } from '../failure.js';

/** One log of the Open Bandit Dataset's layout. */
export interface LogFiles {
  /** `<policy>-<campaign>`. */
  readonly name: string;
  readonly campaign: string;
  readonly rows: string;
  readonly items: string;
}

const rowsPattern = /^(?<policy>[^-]+)-(?<campaign>.+)\.csv\.gz$/;

/** @throws CommandFailed where the folder holds no log, or a log without its items */
export async function findLogs(folder: string): Promise<readonly LogFiles[]> {
  const files = await readdir(folder).catch((cause: unknown) => {
    throw new CommandFailed(`The folder ${folder} cannot be read.`, { cause });
  });
  const logs = files.sort().flatMap((file): LogFiles[] => {
    const { policy, campaign } = rowsPattern.exec(file)?.groups ?? {};
    if (policy === undefined || campaign === undefined) return [];
    const name = `${policy}-${campaign}`;
    return [{ name, campaign, rows: path.join(folder, file), items: path.join(folder, `${name}-items.csv`) }];
  });
  if (logs.length === 0) throw new CommandFailed(`${folder} holds no <policy>-<campaign>.csv.gz.`);
  const bare = logs.find(({ items }) => !files.includes(path.basename(items)));
  if (bare !== undefined) throw new CommandFailed(`${bare.rows} lacks its ${path.basename(bare.items)}.`);
  return logs;
}
