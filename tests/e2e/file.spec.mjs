/** A page that was opened from the disk, without any server: one classic script, and a model that a person picks. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { launch, openPage, readJson, ROOT } from './harness.mjs';
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

test('one script and the files of a model, in a worker', async () => {
  const folder = await sharedFolder();
  const browser = shared(await launch());
  await promisify(execFile)(process.execPath, [`${ROOT}bin/headwise.mjs`, 'bundle', path.join(folder, 'headwise.js')]);
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
