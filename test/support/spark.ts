import { describe } from '@jest/globals';
import { installedSpark, Spark } from './spark-cli.js';

/** Tests against a real Spark: only where ATTUNE_TEST_SPARK is 1, and then there has to be one. */
export function describeWithSpark(name: string, tests: (spark: Spark) => void): void {
  if (process.env['ATTUNE_TEST_SPARK'] === '1') describe(name, () => { tests(installedSpark()); });
  else describe.skip(`${name} (set ATTUNE_TEST_SPARK=1 to run it)`, () => { tests(new Spark('')); });
}
