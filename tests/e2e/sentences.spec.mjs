/**
 * Folders of sentence-transformers exactly as repositories hold them (`tests/golden/sentences/published/`): each gives
 * Python's embeddings, from a server that says nothing of its files and from the Hub.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { serve } from '../../tools/serve.mjs';
import { api, openBlank } from './app.mjs';
import { startFakeHub } from './fake_hub.mjs';
import { launch, readJson, ROOT, unexpected } from './harness.mjs';
import { readSafetensors } from './safetensors.mjs';
import { shared } from './shared.mjs';

const FOLDER = 'tests/golden/sentences/';
const NAMES = readdirSync(`${ROOT}${FOLDER}published`);

/** How far a number may be from Python's. */
const TOLERANCE = 2e-5;

const hub = shared(await startFakeHub(Object.fromEntries(NAMES.map((name) => [`published/${name}`, { folder: `${ROOT}${FOLDER}published/${name}` }]))));
const server = shared(await serve({ root: ROOT }));
const browser = shared(await launch(hub.browserFlags));

const { texts } = await readJson(`${FOLDER}cases.json`);
const { header, data } = readSafetensors(`${ROOT}${FOLDER}embeddings.safetensors`);

for (const name of NAMES) {
  test(`${name} gives Python’s embeddings`, async () => {
    const { shape, data_offsets: [start, end] } = header[`published/${name}`];
    const expected = new Float32Array(Uint8Array.from(data.subarray(start, end)).buffer);
    const { page, problems } = await openBlank(browser, server);
    for (const model of [`/${FOLDER}published/${name}`, `published/${name}`]) {
      const seen = await page.evaluate(async ({ model, texts }) => {
        const embed = await api.pipeline('feature-extraction', model);
        const { dims, data } = await embed(texts);
        await embed.dispose();
        return { dims, data: Array.from(data) };
      }, { model, texts });
      assert.deepEqual(seen.dims, shape);
      const difference = Math.max(...seen.data.map((/** @type {number} */ value, /** @type {number} */ place) => Math.abs(value - expected[place])));
      assert.ok(difference <= TOLERANCE, `${model}: ${difference}`);
    }
    assert.deepEqual(unexpected(problems), []);
    const missing = hub.log.filter(({ path, status }) => path.startsWith(`/published/${name}/`) && status >= 400);
    assert.deepEqual(missing, [], 'of a Hub only files that exist are asked for');
  });
}
