/** Why a load fails or falls back, as a page with the default worker hears of it: each reason by itself, in a real browser. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { listen } from '../../tools/serve.mjs';
import { startFakeHub } from './fake_hub.mjs';
import { launch, openPage, ROOT } from './harness.mjs';
import { REPOSITORIES } from './repositories.mjs';
import { shared } from './shared.mjs';

const MIME_TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const MODEL = 'tests/golden/hub/tiny-bert';
const PAGE = '<!doctype html><title>page</title>';

/**
 * A server of the checkout, whose pages are in `/www/`: with a policy for all it sends, open to other origins, or with a
 * page for every address that it does not know.
 *
 * @param {{policy?: string, open?: boolean, single?: boolean, secure?: {key: string, cert: string}}} [how]
 */
async function startSite({ policy, open, single, secure } = {}) {
  /** @type {import('node:http').RequestListener} */
  const answer = async ({ url = '/' }, response) => {
    if (policy) response.setHeader('content-security-policy', policy);
    if (open) response.setHeader('access-control-allow-origin', '*');
    const bytes = await readFile(path.join(ROOT, path.normalize(url))).catch(() => undefined);
    const type = MIME_TYPES[/** @type {keyof typeof MIME_TYPES} */ (path.extname(url))];
    if (bytes) return response.writeHead(200, type ? { 'content-type': type } : {}).end(bytes);
    const isPage = single || url === '/www/page';
    return response.writeHead(isPage ? 200 : 404, { 'content-type': 'text/html' }).end(isPage ? PAGE : '');
  };
  const { port, close } = await listen(secure ? createSecureServer(secure, answer) : createServer(answer));
  return { url: `http${secure ? 's' : ''}://127.0.0.1:${port}`, port, close };
}

const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
const hub = shared(await startFakeHub(REPOSITORIES));
const site = shared(await startSite());
const elsewhere = shared(await startSite({ open: true }));
const secure = shared(await startSite({ secure: { key, cert } }));
const rules = [...hub.browserFlags[0].split('=')[1].split(','), `MAP plain.test 127.0.0.1:${elsewhere.port}`];
const browser = shared(await launch([`--host-resolver-rules=${rules}`, '--ignore-certificate-errors']));

/**
 * What comes of a load in a page: warnings and a label, or the error.
 *
 * @param {{url: string}} site
 * @param {string} model
 * @param {object} [options]
 * @param {(page: import('playwright-core').Page) => Promise<void>} [prepare]
 * @returns {Promise<{label?: string, warnings: string[], code?: string, message: string, details: any}>}
 */
async function load({ url }, model, options = {}, prepare = async () => {}) {
  const { page } = await openPage(browser);
  await page.goto(`${url}/www/page`);
  await prepare(page);
  const outcome = await page.evaluate(async ({ model, options }) => {
    const entry = '/www/lib/index.js';
    const { pipeline } = await import(entry);
    try {
      const classify = await pipeline('text-classification', model, options);
      const [{ label }] = await classify('What a wonderful morning!');
      return { label, warnings: classify.model.warnings };
    } catch (error) {
      const { code, message, details } = /** @type {any} */ (error);
      return { code, message, details };
    }
  }, { model, options });
  await page.context().close();
  return /** @type {any} */ (outcome);
}

for (const worker of [true, false]) {
  const where = worker ? 'in a worker' : 'in the thread of the page';

  test(`a policy without connect-src, ${where}`, async (t) => {
    const strict = await startSite({ policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" });
    t.after(strict.close);
    const { code, message, details } = await load(strict, `${elsewhere.url}/${MODEL}`, { worker });
    assert.deepEqual([code, details.directive, details.source], ['policy', 'connect-src', elsewhere.url], message);
    assert.ok(message.endsWith(`add ${elsewhere.url} to its connect-src.`), message);
    const ofHub = await load(strict, 'tiny/tiny-bert', { worker });
    assert.deepEqual([ofHub.code, ofHub.details.source], ['policy', 'https://huggingface.co https://*.hf.co'], ofHub.message);
    assert.equal((await load(strict, `/${MODEL}`, { worker })).label, 'positive');
  });

  test(`a policy without 'wasm-unsafe-eval', ${where}`, async (t) => {
    const strict = await startSite({ policy: "default-src 'self'; worker-src 'self' blob:" });
    t.after(strict.close);
    const { code, message, details } = await load(strict, `/${MODEL}`, { worker });
    assert.deepEqual([code, details.directive, details.source], ['policy', 'script-src', "'wasm-unsafe-eval'"], message);
  });
}

test('a policy without worker-src: a warning says what to add', async (t) => {
  const strict = await startSite({ policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'" });
  t.after(strict.close);
  const { label, warnings } = await load(strict, `/${MODEL}`);
  assert.equal(label, 'positive');
  assert.match(`${warnings}`, /calling thread.*Content-Security-Policy forbids this: add .* to its worker-src/);
});

test('a server without CORS is told from one that is away', async (t) => {
  const gone = await startSite();
  await gone.close();
  const [closed, away] = await Promise.all([load(site, `${secure.url}/${MODEL}`), load(site, `${gone.url}/${MODEL}`)]);
  assert.equal(closed.code, 'cors', closed.message);
  assert.match(closed.message, new RegExp(`“Access-Control-Allow-Origin: ${site.url}”`));
  assert.equal(away.code, 'network', away.message);
});

test('mixed content', async () => {
  const { code, message } = await load(secure, `http://plain.test/${MODEL}`);
  assert.equal(code, 'mixed-content', message);
  assert.equal((await load(secure, `/${MODEL}`)).label, 'positive');
});

test('a Hub id that was meant as a folder', async () => {
  const { code, message, details } = await load(site, 'models/emotions');
  assert.deepEqual([code, details.supported], ['not-found', ['./models/emotions']], message);
  assert.match((await load(site, 'models/nothing')).message, /there is no such model/);
});

test('a single-page application that answers every address', async (t) => {
  const single = await startSite({ single: true });
  t.after(single.close);
  const { code, message } = await load(single, './models/nothing/');
  assert.equal(code, 'content');
  assert.match(message, /^Instead of config\.json came a web page .* public\//);
  assert.match((await load(single, 'models/nothing')).message, /there is no such model/, 'a page is no folder');
});

test('a full storage is a warning', async () => {
  const { label, warnings } = await load(site, 'tiny/large', {}, async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.url, quotaSize: 200_000 });
  });
  assert.equal(label, 'positive');
  assert.match(`${warnings}`, /it is not stored, as there is no room: .* models\.delete\(id\)/);
});
