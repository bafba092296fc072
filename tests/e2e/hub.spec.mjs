/** Downloads that go wrong: each ends in the right model or in one typed error, and the next load is none the worse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApp, outcome, outcomeIn, pipeline, startApp } from './app.mjs';
import { COMMIT, MIRROR, startFakeHub } from './fake_hub.mjs';
import { launch } from './harness.mjs';
import { GOOD, LASTING, PASSING, REPOSITORIES } from './repositories.mjs';
import { shared } from './shared.mjs';

const hub = shared(await startFakeHub(REPOSITORIES));
const app = shared(await startApp());
const browser = shared(await launch(hub.browserFlags));

test('a fault that passes is passed over', async (t) => {
  const { page } = await openApp(browser, app);
  const good = await outcomeIn(page, GOOD);
  assert.equal(good[0].label, 'positive');
  for (const id of Object.keys(PASSING)) {
    await t.test(id, async () => assert.deepEqual(await outcomeIn(page, id), good));
  }
  const weights = (/** @type {string} */ id) => hub.log.filter(({ path }) => path.startsWith(`/${id}/model.safetensors`));
  assert.deepEqual(weights('passing/drop').map(({ status }) => status), [200, 206, 206], 'taken up where it ended');
  assert.deepEqual(weights('passing/drop-no-ranges').map(({ status }) => status), [200, 200, 200]);
});

test('a fault that lasts is one typed error, and the next load works', async (t) => {
  const { page } = await openApp(browser, app);
  const good = await outcomeIn(page, GOOD);
  for (const [id, { error }] of Object.entries(LASTING)) {
    await t.test(id, async () => {
      assert.equal(await outcomeIn(page, id), error);
      assert.deepEqual(await outcomeIn(page, GOOD), good);
    });
  }
});

test('every file is of the commit that the manifest tells, and what is not listed is not asked for', async () => {
  const { page, problems } = await openApp(browser, app);
  const before = hub.log.length;
  await outcomeIn(page, 'tiny/tiny-distilbert');
  const paths = hub.log.slice(before).filter(({ host }) => host === 'huggingface.co').map(({ path }) => path);
  assert.equal(paths[0], '/api/models/tiny/tiny-distilbert/revision/main?blobs=true');
  const files = ['config.json', 'model.safetensors', 'tokenizer_config.json', 'vocab.txt'];
  assert.deepEqual(paths.slice(1).sort(), files.map((file) => `/tiny/tiny-distilbert/resolve/${COMMIT}/${file}`));
  assert.equal(await outcomeIn(page, GOOD, { revision: 'nowhere' }), 'not-found');
  assert.deepEqual(problems.filter((problem) => !/revision\/nowhere/.test(problem)), []);
});

test('a mirror with neither API nor headers, and a plain folder, do as well', async () => {
  const { page } = await openApp(browser, app);
  const good = await outcomeIn(page, GOOD);
  assert.deepEqual(await outcomeIn(page, GOOD, { endpoint: `https://${MIRROR}` }), good);
  assert.deepEqual(await outcomeIn(page, 'passing/shards', { endpoint: `https://${MIRROR}` }), good);
  assert.deepEqual(await outcomeIn(page, '/tests/golden/hub/tiny-bert'), good);
});

test('integrity: the files that the application names, and only those', async () => {
  const { page } = await openApp(browser, app);
  const outcomes = await page.evaluate(async (id) => {
    const folder = '/tests/golden/hub/tiny-bert/';
    /** @type {Record<string, string>} */
    const integrity = {};
    for (const file of ['config.json', 'tokenizer.json', 'model.safetensors']) {
      const bytes = await (await fetch(folder + file)).arrayBuffer();
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      integrity[file] = `sha256-${btoa(String.fromCharCode(...hash))}`;
    }
    const wrong = { ...integrity, 'model.safetensors': integrity['config.json'] };
    const { 'model.safetensors': _, ...less } = integrity;
    return {
      hub: (await outcome(id, { integrity })).length,
      folder: (await outcome(folder, { integrity })).length,
      wrong: [await outcome(id, { integrity: wrong }), await outcome(folder, { integrity: wrong })],
      less: await outcome(id, { integrity: less }),
    };
  }, GOOD);
  assert.deepEqual(outcomes, { hub: 3, folder: 3, wrong: ['integrity', 'integrity'], less: 'integrity' });
});

test('allow_remote: false: nothing is asked of any other server, not even by a redirect', async () => {
  const { page } = await openApp(browser, app);
  const local = await outcomeIn(page, '/tests/golden/hub/tiny-bert', { allow_remote: false });
  assert.equal(local.length, 3);
  assert.deepEqual(await outcomeIn(page, '/moved'), local, 'the redirect works');
  const before = hub.log.length;
  const options = { allow_remote: false };
  assert.equal(await outcomeIn(page, GOOD, options), 'option');
  assert.equal(await outcomeIn(page, 'https://huggingface.co/tiny/tiny-bert/resolve/main', options), 'option');
  assert.equal(await outcomeIn(page, '/moved', options), 'network');
  assert.equal(hub.log.length, before);
});

test('a load is aborted while it waits to try again', async () => {
  const { page } = await openApp(browser, app);
  const { code, waited } = await page.evaluate(async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const loading = outcome('lasting/busy', { signal: controller.signal });
    const started = performance.now();
    return { code: await loading, waited: performance.now() - started };
  });
  assert.equal(code, 'AbortError');
  assert.ok(waited < 1000, `${waited} ms`);
});

test('fetch of the application, in its thread', async () => {
  const { page } = await openApp(browser, app);
  const seen = await page.evaluate(async (id) => {
    /** @type {string[]} */
    const seen = [];
    const classify = await pipeline('text-classification', id, {
      worker: false,
      fetch: (/** @type {string} */ url, /** @type {RequestInit} */ init) => { seen.push(url); return fetch(url, init); },
    });
    await classify.dispose();
    return seen;
  }, GOOD);
  assert.equal(seen.length, 5);
  assert.ok(seen.every((url) => url.startsWith('https://huggingface.co/')));
});
