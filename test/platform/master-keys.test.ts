import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidConfig, readConfig } from '../../src/platform/config.js';
import { MasterKeys } from '../../src/platform/master-keys.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'attune-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

const key = (): string => randomBytes(32).toString('base64');
const generated = (): MasterKeys => new MasterKeys({ masterKeys: undefined, masterKeyFile: undefined, dataFolder: folder });

describe('master keys', () => {
  it('are made once in the data folder, for its owner alone, and found there from then on', async () => {
    const [one, other] = [generated(), generated()];
    expect(other.newest().id).toBe(one.newest().id);
    expect(await readdir(folder)).toEqual(['master.key']);
    expect((await stat(path.join(folder, 'master.key'))).mode & 0o777).toBe(0o600);
    expect(one.runsAs).toContain(path.join(folder, 'master.key'));
  });

  it('are not made before one is needed', async () => {
    generated();
    expect(await readdir(folder)).toEqual([]);
  });

  it('come from a file that may get newer ones meanwhile', async () => {
    const file = path.join(folder, 'keys');
    const [old, young] = [key(), key()];
    await writeFile(file, `${old}\n`);
    const keys = new MasterKeys({ masterKeys: undefined, masterKeyFile: file, dataFolder: folder });
    const before = keys.newest();
    await writeFile(file, `# newest first\n${young}\n${old}\n`);
    expect(keys.newest().id).toBe(before.id);
    const elsewhere = new MasterKeys({ masterKeys: [young], masterKeyFile: undefined, dataFolder: folder });
    expect(keys.find(elsewhere.newest().id).bytes.toString('base64')).toBe(young);
    expect(keys.newest().id).toBe(elsewhere.newest().id);
    expect(keys.find(before.id).bytes.toString('base64')).toBe(old);
    expect(() => keys.find('0'.repeat(16))).toThrow('not known here');
  });

  it('come from the environment, the newest first', () => {
    const [young, old] = [key(), key()];
    const config = readConfig({ ATTUNE_MASTER_KEY: `${young}, ${old}` });
    expect(new MasterKeys(config).newest().bytes.toString('base64')).toBe(young);
    expect(() => readConfig({ ATTUNE_MASTER_KEY: `${young},short` })).toThrow(InvalidConfig);
  });

  it('are never told: not by their ids, not by an error', async () => {
    const file = path.join(folder, 'keys');
    await writeFile(file, 'not a key');
    expect(() => new MasterKeys({ masterKeys: undefined, masterKeyFile: file, dataFolder: folder }).newest()).toThrow(/^A master key is 32 bytes as base64.$/);
    expect((await readFile(file, 'utf8'))).not.toContain(generated().newest().id);
  });
});
