// Lets Node load the TypeScript of this repository directly: `node --import ./.ci/swc-loader.mjs file.ts`.
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transformFile } from '@swc/core';

if (isMainThread) register(import.meta.url);

const options = { ...JSON.parse(readFileSync(new URL('swcrc.json', import.meta.url), 'utf8')), swcrc: false, configFile: false, sourceMaps: 'inline' };

export async function resolve(specifier, context, next) {
  const parent = context.parentURL ?? '';
  if (specifier.startsWith('.') && specifier.endsWith('.js') && parent.endsWith('.ts')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), parent);
    if (existsSync(source)) return { url: source.href, format: 'module', shortCircuit: true };
  }
  return specifier.endsWith('.ts') ? { ...(await next(specifier, context)), format: 'module' } : next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
  const { code } = await transformFile(fileURLToPath(url), options);
  return { format: 'module', source: code, shortCircuit: true };
}
