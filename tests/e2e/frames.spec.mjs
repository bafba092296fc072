/** Frames without an origin, on other origins and under strict policies: every one of them gets its answer. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { listen } from '../../tools/serve.mjs';
import { launch, openPage, ROOT } from './harness.mjs';
import { shared } from './shared.mjs';

const MIME_TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** What a frame tells the page around it. @typedef {{label?: string, code?: string, message?: string, warnings?: string[]}} Told */

/** A page that loads a model from `base` and tells what came of it. @param {string} base @param {string} [options] */
const frame = (base, options = '{}') => `<!doctype html><script type="module" src="${base}/script.js?${encodeURIComponent(options)}"></script>`;

/** The script of that page; it finds its base by its own address, as the policy may forbid scripts in a page. */
const SCRIPT = `
  import { pipeline } from './www/lib/index.js';
  const base = new URL('.', import.meta.url).href;
  const options = JSON.parse(decodeURIComponent(new URL(import.meta.url).search.slice(1)));
  const tell = (told) => parent.postMessage(told, '*');
  try {
    const classify = await pipeline('text-classification', base + 'tests/golden/hub/tiny-bert', options);
    const [{ label }] = await classify('What a wonderful morning!');
    tell({ label, warnings: classify.model.warnings });
  } catch (error) {
    tell({ code: error.code ?? 'none', message: error.message });
  }`;

/** Policies, by the folder whose pages have them. @type {Record<string, string>} */
const POLICIES = {
  strict: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  alone: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'",
  trusting: "require-trusted-types-for 'script'",
  distrusting: "require-trusted-types-for 'script'; trusted-types 'none'",
};

/** A server of the checkout that lets any page in. */
async function startHost() {
  const server = createServer(async ({ url = '/' }, response) => {
    response.setHeader('access-control-allow-origin', '*');
    const [address] = url.split('?');
    const policy = POLICIES[address.split('/')[1]];
    if (policy) response.setHeader('content-security-policy', policy);
    const html = (/** @type {string} */ text) => response.writeHead(200, { 'content-type': 'text/html' }).end(text);
    if (address === '/') return html('<!doctype html><title>host</title>');
    if (address.endsWith('/frame.html')) return html(frame(''));
    if (address === '/script.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(SCRIPT);
    const bytes = await readFile(path.join(ROOT, path.normalize(address))).catch(() => undefined);
    const type = MIME_TYPES[/** @type {keyof typeof MIME_TYPES} */ (path.extname(address))];
    return response.writeHead(bytes ? 200 : 404, type ? { 'content-type': type } : {}).end(bytes);
  });
  const { port, close } = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close };
}

const host = shared(await startHost());
const other = shared(await startHost());
const browser = shared(await launch());

/**
 * What the frame tells, and how many workers there are then.
 *
 * @param {{src?: string, srcdoc?: string, sandbox?: string}} attributes
 */
async function open(attributes) {
  const { page } = await openPage(browser);
  await page.goto(`${host.url}/`);
  /** @type {Told} */
  const told = await page.evaluate((attributes) => new Promise((resolve) => {
    addEventListener('message', ({ data }) => resolve(data), { once: true });
    const frame = document.createElement('iframe');
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
    document.body.append(frame);
  }), attributes);
  const workers = page.workers().length;
  await page.context().close();
  return { ...told, workers };
}

const sandbox = 'allow-scripts';
const inData = `data:text/html,${encodeURIComponent(frame(host.url))}`;

/** @type {Record<string, {attributes: Parameters<typeof open>[0], workers: number}>} */
const FRAMES = {
  'sandboxed, src': { attributes: { src: `${host.url}/frame.html`, sandbox }, workers: 1 },
  'sandboxed, srcdoc': { attributes: { srcdoc: frame(host.url), sandbox }, workers: 1 },
  'sandboxed, data:': { attributes: { src: inData, sandbox }, workers: 1 },
  'data: alone': { attributes: { src: inData }, workers: 1 },
  'sandboxed, of another host': { attributes: { src: `${other.url}/frame.html`, sandbox }, workers: 1 },
  'of another origin': { attributes: { src: `${other.url}/frame.html` }, workers: 1 },
  'of this origin': { attributes: { src: `${host.url}/frame.html` }, workers: 1 },
  'package and model on another origin': { attributes: { srcdoc: frame(other.url) }, workers: 1 },
  'strict policy': { attributes: { src: `${host.url}/strict/frame.html` }, workers: 1 },
  'strict policy, sandboxed': { attributes: { src: `${host.url}/strict/frame.html`, sandbox }, workers: 0 },
  'no workers': { attributes: { src: `${host.url}/alone/frame.html` }, workers: 0 },
  'trusted types': { attributes: { src: `${host.url}/trusting/frame.html` }, workers: 1 },
  'trusted types, none of them': { attributes: { src: `${host.url}/distrusting/frame.html` }, workers: 0 },
  'calling thread, sandboxed': { attributes: { srcdoc: frame(host.url, '{"worker": false}'), sandbox }, workers: 0 },
};

for (const [name, { attributes, workers }] of Object.entries(FRAMES)) {
  test(name, async () => {
    const told = await open(attributes);
    assert.equal(told.label, 'positive', JSON.stringify(told));
    assert.equal(told.workers, workers);
    const fellBack = workers === 0 && !name.startsWith('calling');
    assert.equal(told.warnings?.length, fellBack ? 1 : 0, `${told.warnings}`);
    if (fellBack) assert.match(`${told.warnings}`, /calling thread.*(Content-Security-Policy|TrustedTypePolicy)/);
  });
}

test('without an origin there is nothing that allow_remote: false admits', async () => {
  const told = await open({ srcdoc: frame(host.url, '{"allow_remote": false}'), sandbox });
  assert.deepEqual([told.code, told.label], ['option', undefined], JSON.stringify(told));
});
