/**
 * Panics: each ends the call that met it, and the next one finds the model loaded again, in a new instance of the module.
 * The generated JavaScript is served with a trap in it, which does not ship.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { listen } from '../../tools/serve.mjs';
import { api, caught, openApp } from './app.mjs';
import { launch, ROOT } from './harness.mjs';
import { shared } from './shared.mjs';

const MIME_TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** The instance reads beyond its memory when a text says so; what it tells then, the text says too. */
const TRAP = `
let told;
export function take_panic() {
  const last = told;
  told = undefined;
  return last;
}
for (const [kind, name] of [[Pipeline, 'start'], [TextTokenizer, 'encode']]) {
  const call = kind.prototype[name];
  kind.prototype[name] = function (inputs, options) {
    const text = JSON.stringify(inputs);
    if (text.includes('trap')) {
      told = { message: 'at some place', tokenizer: text.includes('tokenizer') };
      wasm.run_step(2 ** 31 - 8);
    }
    return call.call(this, inputs, options);
  };
}`;

const server = createServer(async ({ url = '/' }, response) => {
  const bytes = await readFile(path.join(ROOT, url === '/' ? 'tests/e2e/blank.html' : path.normalize(url))).catch(() => undefined);
  const type = MIME_TYPES[/** @type {keyof typeof MIME_TYPES} */ (path.extname(url === '/' ? '.html' : url))];
  response.writeHead(bytes ? 200 : 404, type ? { 'content-type': type } : {});
  if (!url.endsWith('wasm/headwise.js')) return response.end(bytes);
  return response.end(`${bytes}`.replace('export function take_panic', 'function realTakePanic') + TRAP);
});
const { port, close } = await listen(server);
shared({ close });
const browser = shared(await launch());

for (const worker of [true, false]) {
  test(`worker: ${worker}: a panic ends its call, and the same answers come after it`, async () => {
    const { page } = await openApp(browser, { url: `http://127.0.0.1:${port}/` });
    const seen = await page.evaluate(async (worker) => {
      const load = () => api.pipeline('text-classification', '/tests/golden/hub/tiny-bert', { worker });
      const [one, two, tokenizer] = await Promise.all([load(), load(),
        api.AutoTokenizer.from_pretrained('/tests/golden/hub/tiny-bert', { worker })]);
      const text = 'What a wonderful morning!';
      const before = await one(text, { top_k: null });
      const { input_ids } = await tokenizer(text, { return_tensor: false });
      const rounds = [];
      for (const trap of ['trap', 'trap of a tokenizer']) {
        const many = two(Array(200).fill(text), { top_k: null });
        const [error, next, others] = await Promise.all([caught(() => one(trap)), one(text, { top_k: null }), many]);
        const ofTokenizer = await caught(() => tokenizer(trap));
        const ids = (await tokenizer(text, { return_tensor: false })).input_ids;
        rounds.push({ error, next, other: others.at(-1), later: await one(text, { top_k: null }), ofTokenizer, ids });
      }
      await Promise.all([one.dispose(), two.dispose(), tokenizer.dispose()]);
      return { before, input_ids, rounds };
    }, worker);
    for (const [place, { error, next, other, later, ofTokenizer, ids }] of seen.rounds.entries()) {
      const code = ['crashed', 'tokenizer'][place];
      assert.deepEqual([error?.code, error?.details.panic, ofTokenizer?.code], [code, 'at some place', code]);
      assert.match(error?.message, /at some place/);
      for (const scores of [next, other, later]) assert.deepEqual(scores, seen.before);
      assert.deepEqual(ids, seen.input_ids);
    }
  });
}
