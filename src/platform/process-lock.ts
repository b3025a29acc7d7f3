import { readFileSync } from 'node:fs';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

interface Holder {
  readonly pid: number;
  /** Tells this process from a later one with the same pid; null where the system does not say. */
  readonly startedAt: string | null;
}

export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * Lets one process at a time hold `file`. A holder that has died, however it died, holds it no more.
 *
 * @returns undefined, or the pid of the process that holds it
 */
export async function tryLock(file: string): Promise<ProcessLock | { readonly heldBy: number }> {
  const own: Holder = { pid: process.pid, startedAt: await startOf(process.pid) };
  const text = JSON.stringify(own);
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    for (;;) {
      if (await linked(draft, file)) return { release: () => rm(file, { force: true }) };
      const holder = await readHolder(file);
      if (holder !== undefined && (await isRunning(holder))) return { heldBy: holder.pid };
      await removeStale(file, holder);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Two processes may find the same dead holder: each looks once more after a pause of its own length, so that neither removes the other's new lock. */
async function removeStale(file: string, seen: Holder | undefined): Promise<void> {
  await sleep(Math.random() * 50);
  const now = await readHolder(file);
  if (JSON.stringify(now) === JSON.stringify(seen)) await rm(file, { force: true });
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return parseHolder(await readFile(file, 'utf8'));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** What is not a holder was written by nobody who holds it: the file appears with its content. */
function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

async function isRunning({ pid, startedAt }: Holder): Promise<boolean> {
  return isAlive(pid) && (await startOf(pid)) === startedAt;
}

/** Whether a process with this id runs, ours or not. One that has ended, and waits for its parent to hear of it, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

/** Start of a process in clock ticks since boot: field 22 of its stat, 20th after the name in brackets. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z';
  } catch {
    return false;
  }
}

function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
