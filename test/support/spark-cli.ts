import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const settings = [
  ['spark.ui.enabled', 'false'],
  ['spark.driver.host', '127.0.0.1'],
  ['spark.driver.bindAddress', '127.0.0.1'],
  ['spark.sql.catalogImplementation', 'in-memory'],
  ['spark.sql.session.timeZone', 'UTC'],
  ['spark.sql.ansi.enabled', 'true'],
  ['spark.sql.shuffle.partitions', '2'],
  ['spark.sql.variable.substitute', 'false'],
].flatMap(([name, value]) => ['--conf', `${name}=${value}`]);

/** The Spark that is installed: the folder that SPARK_HOME names, or that of the pyspark of python3. */
export function installedSpark(): Spark {
  const home = process.env['SPARK_HOME'] ?? pysparkFolder();
  if (!existsSync(path.join(home, 'bin', 'spark-sql'))) throw new Error('There is no Spark: set SPARK_HOME, or install pyspark for python3');
  return new Spark(home);
}

function pysparkFolder(): string {
  try {
    return execFileSync('python3', ['-c', 'import os, pyspark; print(os.path.dirname(pyspark.__file__))'], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/** The command line of a Spark that is installed. */
export class Spark {
  readonly #home: string;

  constructor(home: string) {
    this.#home = home;
  }

  /**
   * Runs statements in one process, in a folder of its own.
   * @param files contents by name, which statements may name
   * @returns what each line of the answers says, which has to be JSON
   * @throws Error with Spark's own words where a statement fails
   */
  async run(files: Readonly<Record<string, string>>, statements: readonly string[]): Promise<readonly unknown[]> {
    const folder = await mkdtemp(path.join(tmpdir(), 'attune-spark-'));
    try {
      for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
      await writeFile(path.join(folder, 'statements.sql'), statements.map(it => `${it};\n`).join(''));
      return (await this.#answer(folder)).split('\n').filter(it => it !== '').map(it => JSON.parse(it) as unknown);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #answer(folder: string): Promise<string> {
    const child = spawn(path.join(this.#home, 'bin', 'spark-sql'), ['--master', 'local[*]', '--driver-memory', '2g', ...settings, '-f', 'statements.sql'], {
      cwd: folder, env: { ...process.env, SPARK_HOME: this.#home, SPARK_LOCAL_IP: '127.0.0.1', SPARK_LOCAL_DIRS: folder }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    let [answer, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (it: string) => { answer += it; });
    child.stderr.setEncoding('utf8').on('data', (it: string) => { said += it; });
    return new Promise<string>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', code => {
        if (code === 0) resolve(answer);
        else reject(new Error(`Spark ended with ${code}: ${said.slice(-4000)}`));
      });
    }).finally(() => process.off('exit', end));
  }
}
