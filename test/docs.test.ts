import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ZodType } from 'zod';
import { errorTable } from '../src/kernel/errors.js';
import { clientVariables, serverVariables } from '../src/platform/config.js';

const root = path.join(import.meta.dirname, '..');

function table(shape: Readonly<Record<string, ZodType>>): string {
  const rows = Object.entries(shape).map(([name, schema]) => {
    const preset = schema.safeParse(undefined).data;
    const value = typeof preset === 'string' || typeof preset === 'number' ? String(preset) : '';
    return `| \`${name}\` | ${value === '' ? '–' : `\`${value}\``} | ${schema.description ?? ''} |`;
  });
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

const configuration = `# Configuration

All of it comes from the environment. What is wrong is said at once, all of it, and the server does not start.

## Of the server

${table(serverVariables.shape)}

## Of the command line

${table(clientVariables.shape)}
`;

/** `EMIT_DOCS=1` writes what follows from the code; without it, the two are compared. */
describe('the documentation', () => {
  it('has each setting, as the code has it', async () => {
    const file = path.join(root, 'docs/configuration.md');
    if (process.env['EMIT_DOCS'] === '1') await writeFile(file, configuration);
    expect(await readFile(file, 'utf8')).toBe(configuration);
  });

  it('has each error code with its status, and no other', async () => {
    const text = await readFile(path.join(root, 'docs/errors.md'), 'utf8');
    const rows = Array.from(text.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm), ([, code, status]) => [code, Number(status)] as const);
    expect(new Map(rows)).toEqual(new Map(Object.entries(errorTable).map(([code, { status }]) => [code, status])));
  });

  it('links to nothing that is not there', async () => {
    const pages = ['README.md', ...(await readdir(path.join(root, 'docs'), { recursive: true })).filter(it => it.endsWith('.md')).map(it => `docs/${it}`)];
    const broken: string[] = [];
    for (const page of pages) {
      const text = await readFile(path.join(root, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        if (!existsSync(path.join(root, path.dirname(page), target))) broken.push(`${page}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });
});
