/**
 * The samples of the documents compile under `strict`, against the types that ship (`npx tsc` writes them). With `TSC`
 * another compiler does it: the `bin/tsc` of an older TypeScript.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = process.env.TSC ?? path.join(ROOT, 'node_modules/typescript/bin/tsc');

/** What an application might have. */
const SETTINGS = { target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom', 'dom.iterable', 'esnext.disposable'], strict: true, noEmit: true, types: [] };

/** The samples of a document that stand by themselves: they begin with an import. */
function samplesOf(text) {
  const blocks = [...text.matchAll(/^```(js|html)\n([^]+?)^```$/gm)].map(([, kind, code]) =>
    (kind === 'html' ? /<script type="module">([^]*)<\/script>/.exec(code)?.[1] ?? '' : code));
  return blocks.map((code) => code.trim().replace('\'./lib/index.js\'', '\'headwise\'')).filter((code) => code.startsWith('import '));
}

test('samples and calls compile as an application’s', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'headwise-samples-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(path.join(folder, 'node_modules'));
  await symlink(ROOT, path.join(folder, 'node_modules/headwise'), 'dir');
  const documents = ['README.md', ...(await readdir(path.join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
  const samples = (await Promise.all(documents.map(async (name) => samplesOf(await readFile(path.join(ROOT, name), 'utf8'))))).flat();
  assert.ok(samples.length >= 6);
  const calls = await Promise.all([['calls.mts', 'index'], ['transformers-calls.mts', 'transformers']].map(async ([name, entry]) =>
    (await readFile(path.join(ROOT, 'tests/js', name), 'utf8'))
      .replaceAll(`../../www/lib/${entry}.js`, entry === 'index' ? 'headwise' : `headwise/${entry}`)));
  await Promise.all([...samples, ...calls].map((code, number) => writeFile(path.join(folder, `sample-${number}.mts`), code)));
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: SETTINGS, include: ['*.mts'] }));
  const said = await new Promise((resolve) => { execFile(process.execPath, [TSC, '-p', folder], (_, stdout, stderr) => resolve(stdout + stderr)); });
  assert.equal(said, '');
});
