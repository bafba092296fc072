/**
 * The store on the browser's own caches, locks and quota: tabs that load at once, tabs that end in the middle, no
 * room, damage. Each test has a profile of its own.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../tools/serve.mjs';
import { launch, openPage, ROOT } from './harness.mjs';
import { shared } from './shared.mjs';

/** Twelve parts of 64 KiB, the last one smaller, in chunks of 10 kB. */
const SIZE = 12 * 65_536 - 1000;

const server = shared(await serve({ root: ROOT }));
const browser = shared(await launch());

/** A new profile: `tab()` opens a page in it, `downloads` tells from which byte each download began. */
async function openProfile() {
  const { page, problems } = await openPage(browser);
  const context = page.context();
  /** @type {number[]} */
  const downloads = [];
  await context.exposeFunction('downloadBegan', (/** @type {number} */ offset) => { downloads.push(offset); });
  const tab = async () => {
    const opened = await context.newPage();
    await opened.goto(`${server.url}tests/e2e/blank.html`);
    await opened.evaluate(prepare, { size: SIZE });
    return opened;
  };
  return { context, downloads, problems, tab };
}

/**
 * In the page: `load()` takes a file from the store or from a slow network, as a loader does, and resolves to what
 * came of it.
 */
async function prepare(/** @type {{size: number}} */ { size }) {
  const { Store } = await import(new URL('/www/lib/store/store.js', location.href).href);
  const snapshot = { endpoint: 'https://huggingface.co', id: 'user/model', commit: 'c'.repeat(40) };
  const file = 'model.safetensors';
  const expected = Uint8Array.from({ length: size }, (_, place) => place * 31 + (place >> 8));
  const page = /** @type {any} */ (globalThis);
  /** @param {{scope?: any, until?: number, delay?: number}} [how] */
  page.load = async ({ scope, until = size, delay = 0 } = {}) => {
    const store = new Store(scope, { partBytes: 65_536 });
    const stored = async () => {
      const bytes = await (await store.open(snapshot, file))?.bytes().catch(() => undefined); // damaged
      return bytes && { from: 'store', right: equal(bytes) };
    };
    const download = async () => {
      const writer = await store.keep(snapshot, file, { size, sha256: 'ab'.repeat(32) });
      await page.downloadBegan(writer.offset);
      const arrived = new Uint8Array(size);
      let filled = 0;
      for await (const chunk of writer.arrived()) {
        arrived.set(chunk, filled);
        filled += chunk.length;
      }
      while (filled < until) {
        const chunk = expected.slice(filled, filled + 10_000);
        await writer.write(chunk);
        arrived.set(chunk, filled);
        filled += chunk.length;
        if (delay) await new Promise((resolve) => { setTimeout(resolve, delay); });
        page.filled = filled;
      }
      if (until < size) throw new DOMException('left', 'AbortError');
      return { from: 'network', right: equal(arrived), cached: await writer.finish() };
    };
    const found = await stored();
    if (found) return found;
    const release = await store.lock(snapshot);
    return (async () => await stored() ?? await download())().finally(release);
  };
  const equal = (/** @type {Uint8Array} */ bytes) => bytes.length === size && bytes.every((byte, place) => byte === expected[place]);
  page.store = new Store(undefined, { partBytes: 65_536 });
  page.held = async () => (await page.store.list()).map((/** @type {any} */ { bytes }) => bytes);
}

/** What `prepare` puts into the page, for the checker. @type {any} */
const { load, store, held } = /** @type {any} */ ({});

test('two tabs at once download once, and a third reads', async () => {
  const { downloads, problems, tab } = await openProfile();
  const tabs = [await tab(), await tab()];
  const results = await Promise.all(tabs.map((page) => page.evaluate(() => load({ delay: 2 }))));
  results.sort((a, b) => a.from < b.from ? -1 : 1);
  assert.deepEqual(results, [{ from: 'network', right: true, cached: true }, { from: 'store', right: true }]);
  assert.deepEqual(await (await tab()).evaluate(() => load()), { from: 'store', right: true });
  assert.deepEqual(downloads, [0]);
  assert.deepEqual(problems, []);
});

test('a tab that ends in the middle leaves nothing that looks whole, and who waits goes on from its parts', async () => {
  const { downloads, tab } = await openProfile();
  const [leaving, waiting] = [await tab(), await tab()];
  const left = leaving.evaluate(() => load({ delay: 5 })).catch(() => 'closed');
  await leaving.waitForFunction(() => /** @type {any} */ (globalThis).filled > 300_000);
  const result = waiting.evaluate(() => load());
  await leaving.close();
  assert.equal(await left, 'closed');
  assert.deepEqual(await result, { from: 'network', right: true, cached: true });
  const [first, second] = downloads;
  assert.equal(first, 0);
  assert.ok(second >= 3 * 65_536 && second % 65_536 === 0, `went on from ${second}`);
});

test('an abort in the middle: the next load goes on, a reload in between or not', async () => {
  const { downloads, tab } = await openProfile();
  const page = await tab();
  const left = () => page.evaluate(() => load({ until: 200_000 }).catch((/** @type {any} */ { name }) => name));
  assert.equal(await left(), 'AbortError');
  assert.deepEqual(await page.evaluate(() => held()), [3 * 65_536]);
  await page.reload();
  await page.evaluate(prepare, { size: SIZE });
  assert.deepEqual(await page.evaluate(() => load()), { from: 'network', right: true, cached: true });
  assert.deepEqual(downloads, [0, 3 * 65_536]);
});

test('no room: the load goes on from the network, before and after the browser says so', async () => {
  const { context, downloads, tab } = await openProfile();
  const page = await tab();
  const session = await context.newCDPSession(page);
  const limit = (/** @type {number | undefined} */ quotaSize) =>
    session.send('Storage.overrideQuotaForOrigin', { origin: new URL(server.url).origin, quotaSize });
  await limit(300_000);
  const uncached = { from: 'network', right: true, cached: false };
  assert.deepEqual(await page.evaluate(() => load()), uncached, 'told by the estimate');
  const told = await page.evaluate(() => load({ scope: { caches, navigator: { locks: navigator.locks } } }));
  assert.deepEqual(told, uncached, 'told by the error of a put');
  assert.deepEqual(await page.evaluate(() => held()), []);
  assert.equal(await page.evaluate(async () => (await (await caches.open('headwise-1')).keys()).length), 0);
  await limit(undefined);
  assert.deepEqual(await page.evaluate(() => load()), { ...uncached, cached: true });
  assert.deepEqual(downloads, [0, 0, 0]);
});

test('a damaged entry is downloaded anew, once', async () => {
  const { downloads, tab } = await openProfile();
  const page = await tab();
  await page.evaluate(() => load());
  for (const damage of ['short', 'other bytes', 'absent']) {
    await page.evaluate(async (kind) => {
      const cache = await caches.open('headwise-1');
      const part = (await cache.keys()).find(({ url }) => url.endsWith('?headwise=5'));
      if (!part) throw new Error('there is no such part');
      if (kind === 'absent') await cache.delete(part);
      else if (kind === 'short') await cache.put(part, new Response('half a part'));
      else {
        const old = /** @type {Response} */ (await cache.match(part));
        const { headers } = old;
        const bytes = new Uint8Array(await old.arrayBuffer());
        bytes[1000] ^= 1;
        await cache.put(part, new Response(bytes, { headers }));
      }
    }, damage);
    assert.deepEqual(await page.evaluate(() => load()), { from: 'network', right: true, cached: true }, damage);
    assert.deepEqual(await page.evaluate(() => load()), { from: 'store', right: true }, damage);
  }
  assert.deepEqual(downloads, [0, 0, 0, 0]);
});

test('a page shows what is stored and deletes it; no address of a file is in the cache', async () => {
  const { tab } = await openProfile();
  const page = await tab();
  const seen = await page.evaluate(async () => {
    const { models } = await import(new URL('/www/lib/index.js', location.href).href);
    await load();
    const [{ endpoint, id, commit }] = await models.list();
    await store.remember({ endpoint, id, commit }, 'main', { files: {} });
    const { models: bytes, usage, quota, persisted } = await models.estimate();
    return {
      list: await models.list(),
      estimate: { bytes, fits: usage >= bytes && quota > usage, persisted },
      persist: typeof await models.persist(),
      fileItself: await caches.match(`${endpoint}/${id}/resolve/${commit}/model.safetensors`),
      revision: (await store.recall({ endpoint, id }, 'main')).commit === commit,
      deleted: [await models.delete('user/other'), await models.delete(id)],
      left: (await (await caches.open('headwise-1')).keys()).length,
    };
  });
  assert.deepEqual(seen, {
    list: [{
      endpoint: 'https://huggingface.co', id: 'user/model', commit: 'c'.repeat(40), revisions: ['main'], bytes: SIZE,
      files: [{ file: 'model.safetensors', size: SIZE, bytes: SIZE, sha256: 'ab'.repeat(32) }],
    }],
    estimate: { bytes: SIZE, fits: true, persisted: false },
    persist: 'boolean',
    fileItself: undefined,
    revision: true,
    deleted: [false, true],
    left: 0,
  });
});

test('in a sandboxed frame, where the browser refuses a store, a load works without', async () => {
  const { context, tab } = await openProfile();
  // As if the server had sandboxed it; scripts then come from another origin than the page's.
  await context.route('**/*', async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), 'access-control-allow-origin': '*', 'content-security-policy': 'sandbox allow-scripts' };
    await route.fulfill({ response, headers });
  });
  const page = await tab();
  assert.equal(await page.evaluate(() => { try { return typeof caches; } catch ({ name }) { return name; } }), 'SecurityError');
  assert.deepEqual(await page.evaluate(() => load()), { from: 'network', right: true, cached: false });
  assert.deepEqual(await page.evaluate(() => held()), []);
});
