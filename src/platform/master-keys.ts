import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DependencyUnavailable } from '../kernel/errors.js';
import { masterKeyPattern, type Config } from './config.js';

/** Wraps the keys that data is encrypted with, and nothing else. */
export interface MasterKey {
  /** First 16 hex digits of the SHA-256 of its bytes: tells keys apart, and gives nothing away. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Buffer;
}

export type MasterKeySource = Pick<Config, 'masterKeys' | 'masterKeyFile' | 'dataFolder'>;

/** The keys from the environment or a file, the newest first; older ones are needed until all has been wrapped anew. */
export class MasterKeys {
  readonly #source: MasterKeySource;
  #keys: readonly MasterKey[] | undefined;

  constructor(source: MasterKeySource) {
    this.#source = source;
  }

  /** Where they come from, for people. */
  get runsAs(): string {
    const { masterKeys, masterKeyFile } = this.#source;
    if (masterKeys !== undefined) return 'from ATTUNE_MASTER_KEY';
    return masterKeyFile === undefined ? `in ${this.#generatedFile}, generated; keep a copy apart from the database's` : 'from ATTUNE_MASTER_KEY_FILE';
  }

  /** The one that wraps. @throws DependencyUnavailable where the file cannot be read */
  newest(): MasterKey {
    const [newest] = (this.#keys ??= this.#read());
    if (newest === undefined) throw new DependencyUnavailable('There is no master key.');
    return newest;
  }

  /** A file that has got more keys meanwhile is read again. @throws DependencyUnavailable where there is none of this id */
  find(id: string): MasterKey {
    const find = (): MasterKey | undefined => (this.#keys ??= this.#read()).find(it => it.id === id);
    const known = find();
    if (known !== undefined) return known;
    this.reload();
    const found = find();
    if (found === undefined) throw new DependencyUnavailable('Data is encrypted under a master key that is not known here; give it by ATTUNE_MASTER_KEY or ATTUNE_MASTER_KEY_FILE.', { details: { masterKey: id } });
    return found;
  }

  reload(): void {
    this.#keys = this.#read();
  }

  #read(): readonly MasterKey[] {
    const { masterKeys, masterKeyFile } = this.#source;
    const texts = masterKeys ?? linesOf(readFile(masterKeyFile ?? this.#generated()));
    return texts.map(keyOf);
  }

  get #generatedFile(): string {
    return path.join(this.#source.dataFolder, 'master.key');
  }

  /** Whole or not at all, and of several processes that start at once the first one's. */
  #generated(): string {
    const file = this.#generatedFile;
    mkdirSync(path.dirname(file), { recursive: true });
    const draft = `${file}.${randomBytes(6).toString('hex')}`;
    writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft);
    }
    return file;
  }
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DependencyUnavailable('The file of the master keys cannot be read.', { cause });
  }
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').map(it => it.trim()).filter(it => it !== '' && !it.startsWith('#'));
}

function keyOf(text: string): MasterKey {
  if (!masterKeyPattern.test(text)) throw new DependencyUnavailable('A master key is 32 bytes as base64.');
  const bytes = Buffer.from(text, 'base64');
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 16), bytes };
}
