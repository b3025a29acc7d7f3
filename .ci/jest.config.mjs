import { readFileSync } from 'node:fs';
import path from 'node:path';

const swc = JSON.parse(readFileSync(path.join(import.meta.dirname, 'swcrc.json'), 'utf8'));

export default {
  rootDir: path.join(import.meta.dirname, '..'),
  roots: ['<rootDir>/test'],
  testEnvironment: '<rootDir>/.ci/jest-environment.mjs',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, sourceMaps: 'inline' }] },
  globalSetup: path.join(import.meta.dirname, 'jest-setup.mjs'),
  globalTeardown: path.join(import.meta.dirname, 'jest-teardown.mjs'),
  maxWorkers: 2,
  testTimeout: 30_000,
};
