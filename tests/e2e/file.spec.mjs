/** A page that was opened from the disk, without any server: one classic script, and a model that a person picks. */
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { launch, openPage, readJson, ROOT, WWW } from './harness.mjs';
import { shared, sharedFolder } from './shared.mjs';

const MODEL = 'tests/golden/hub/tiny-bert';
const PAGE = `<!doctype html><meta charset="utf-8"><title>file</title>
<input type="file" multiple><output></output>
<script src="headwise.js"></script>
<script>
  const output = document.querySelector('output');
  document.querySelector('input').onchange = async ({ target }) => {
    try {
      const classify = await headwise.pipeline('text-classification', target.files);
      const [{ label }] = await classify(document.title);
      output.textContent = JSON.stringify({ label, warnings: classify.model.warnings });
    } catch ({ code, message }) {
      output.textContent = JSON.stringify({ code, message });
    }
  };
</script>`;

/** The package as one classic script: its copies, and what takes them. */
async function globalScript() {
  const names = (await readdir(`${WWW}lib/inline`)).filter((name) => name !== 'global.js');
  const copies = await Promise.all(names.map(async (name) => [path.basename(name, '.js'), (await import(`${WWW}lib/inline/${name}`)).default]));
  return `globalThis.headwiseCopies = ${JSON.stringify(Object.fromEntries(copies))};\n${await readFile(`${WWW}lib/inline/global.js`, 'utf8')}`;
}

test('one script and the files of a model, in a worker', async () => {
  const folder = await sharedFolder();
  const browser = shared(await launch());
  await writeFile(path.join(folder, 'headwise.js'), await globalScript());
  const { cases: [{ text, results: [best] }] } = await readJson(`${MODEL}/expected.json`);
  await writeFile(path.join(folder, 'index.html'), PAGE.replace('file', text));
  const { page, problems } = await openPage(browser);
  await page.goto(pathToFileURL(path.join(folder, 'index.html')).href);
  const files = (await readdir(ROOT + MODEL)).filter((name) => name !== 'expected.json');
  await page.setInputFiles('input', files.map((name) => path.join(ROOT + MODEL, name)));
  await page.locator('output:not(:empty)').waitFor();
  assert.deepEqual(JSON.parse(await page.textContent('output') ?? ''), { label: best.label, warnings: [] });
  assert.equal(page.workers().length, 1);
  assert.deepEqual(problems, []);
});
