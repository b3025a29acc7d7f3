import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe } from '@jest/globals';

/** Tests on data that lies beside the repository. Where it is missing they are skipped, and fail where CI is set. */
export function describeWithSharedData(name: string, relativePath: string, tests: (absolutePath: string) => void): void {
  const absolutePath = path.resolve(import.meta.dirname, '../../../shared', relativePath);
  if (existsSync(absolutePath)) describe(name, () => { tests(absolutePath); });
  else if (process.env['CI'] !== undefined) throw new Error(`${name} needs ../shared/${relativePath}`);
  else describe.skip(`${name} (no ../shared/${relativePath})`, () => { tests(absolutePath); });
}
