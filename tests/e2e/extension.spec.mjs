/** A browser extension (Manifest V3) with the package and a model in it, unpacked: in its page, and in its service worker. */
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchProfile, readJson, ROOT } from './harness.mjs';
import { shared, sharedFolder } from './shared.mjs';

const MODEL = 'tests/golden/hub/tiny-bert';

const folder = await sharedFolder();
const extension = path.join(folder, 'extension');
await cp(fileURLToPath(new URL('extension', import.meta.url)), extension, { recursive: true });
await cp(`${ROOT}www/lib`, path.join(extension, 'headwise/www/lib'), { recursive: true });
await cp(ROOT + MODEL, path.join(extension, 'model'), { recursive: true });
const context = shared(await launchProfile(path.join(folder, 'profile'), [`--disable-extensions-except=${extension}`, `--load-extension=${extension}`]));
const background = context.serviceWorkers()[0] ?? await context.waitForEvent('serviceworker');
const { cases: [{ text, results: [best] }] } = await readJson(`${MODEL}/expected.json`);

/** In the extension. */
const classify = (/** @type {[string, string]} */ [model, text]) => /** @type {any} */ (globalThis).classifyOnce(model, text);

test('a page of it has a worker', async () => {
  const page = await context.newPage();
  await page.goto(new URL('page.html', background.url()).href);
  await page.waitForFunction(() => 'classifyOnce' in globalThis);
  for (const model of ['./model/', new URL('model', background.url()).href]) {
    assert.deepEqual(await page.evaluate(classify, [model, text]), { label: best.label, warnings: [] });
  }
  assert.ok(page.workers().length > 0);
});

test('its service worker, which can start none, computes by itself and says so', async () => {
  const { label, warnings } = await background.evaluate(classify, ['./model/', text]);
  assert.equal(label, best.label);
  assert.match(warnings.join(), /Worker is not defined|import\(\)/);
  assert.equal(warnings.length, 1);
});
