// Compiles src into dist, file by file: only what is newer than its output, and removes outputs that have lost their source.
// Each output appears at once (written beside, then renamed), so that a process that loads dist never reads half a file.
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { transformFile } from '@swc/core';

const root = path.join(import.meta.dirname, '..');
const configFile = path.join(root, '.ci/swcrc.json');
const options = { ...JSON.parse(await readFile(configFile, 'utf8')), swcrc: false, configFile: false };
const modifiedAt = file => stat(file).then(it => it.mtimeMs, () => 0);
const filesUnder = async folder =>
  (await readdir(path.join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []))
    .filter(it => it.isFile())
    .map(it => path.relative(path.join(root, folder), path.join(it.parentPath, it.name)));

async function put(file, text) {
  const beside = `${file}.${process.pid}.tmp`;
  await writeFile(beside, text);
  await rename(beside, file);
}

async function compile(source, settingsAt) {
  const from = path.join(root, 'src', source);
  const to = path.join(root, 'dist', source.replace(/\.ts$/, '.js'));
  const changedAt = Math.max(await modifiedAt(from), settingsAt);
  if ((await modifiedAt(to)) > changedAt) return;
  const { code, map } = await transformFile(from, { ...options, filename: from, sourceFileName: path.relative(path.dirname(to), from) });
  await mkdir(path.dirname(to), { recursive: true });
  await put(`${to}.map`, map);
  await put(to, `${code}//# sourceMappingURL=${path.basename(to)}.map\n`);
}

const sources = (await filesUnder('src')).filter(it => it.endsWith('.ts'));
const settingsAt = Math.max(await modifiedAt(configFile), await modifiedAt(import.meta.filename));
await Promise.all(sources.map(it => compile(it, settingsAt)));

const wanted = new Set(sources.map(it => it.replace(/\.ts$/, '')));
const left = (await filesUnder('dist')).filter(it => !it.endsWith('.tmp') && !wanted.has(it.replace(/\.js(\.map)?$/, '')));
await Promise.all(left.map(it => rm(path.join(root, 'dist', it), { force: true })));
