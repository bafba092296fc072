/**
 * A hundred loads, each with faults, aborts and stored damage drawn at random: what comes of each is the right model or
 * one typed error, and what it leaves behind never gets in the way of a good load.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { models, openApp, outcome, startApp } from './app.mjs';
import { startFakeHub } from './fake_hub.mjs';
import { launch } from './harness.mjs';
import { cut, HTML, REPOSITORIES } from './repositories.mjs';
import { shared } from './shared.mjs';

const LOADS = 100;
const PAGES = 10;

/** @type {Record<string, import('./fake_hub.mjs').Repository>} */
const repositories = {};
const hub = shared(await startFakeHub(repositories));
const app = shared(await startApp());
const browser = shared(await launch(hub.browserFlags));

/** Numbers in 0…1, the same in every run. @param {number} seed */
function randoms(seed) {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** @param {() => number} random @returns {import('./fake_hub.mjs').Fault} */
function fault(random) {
  const pick = (/** @type {any[]} */ ...values) => values[Math.floor(random() * values.length)];
  const times = pick(1, 1, 1, 2, 6);
  const place = random();
  return pick(
    { times, status: pick(429, 500, 503) },
    { times, breakAfter: place },
    { times, breakAfter: place, noRanges: true },
    { times, damage: cut(place) },
    { times, ...HTML },
    ...[1, 2, 3].map(() => ({
      times,
      damage(/** @type {Buffer} */ bytes) {
        const damaged = Buffer.from(bytes);
        damaged[Math.floor(place * bytes.length)] ^= 1 << Math.floor(random() * 8);
        return damaged;
      },
    })),
  );
}

/** In the page: a load that may be aborted, with a stored part that may be damaged before it. */
async function attempt(/** @type {{model: string, abortAfter?: number, damage: boolean, options: any}} */ { model, abortAfter, damage, options }) {
  const cache = await caches.open('headwise-1');
  const parts = (await cache.keys()).filter(({ url }) => url.includes(`/${model}/`) && !url.endsWith('=file'));
  if (damage && parts.length) {
    const part = parts[parts.length >> 1];
    const response = /** @type {Response} */ (await cache.match(part));
    const { headers } = response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    bytes[bytes.length >> 1] ^= 16;
    await cache.put(part, new Response(bytes, { headers }));
  }
  const controller = new AbortController();
  const timer = abortAfter !== undefined && setTimeout(() => controller.abort(), abortAfter);
  const result = await outcome(model, { ...options, signal: controller.signal });
  if (timer) clearTimeout(timer);
  return result;
}

test('a hundred loads with random faults', async () => {
  const tally = /** @type {Record<string, number>} */ ({});
  const { page } = await openApp(browser, app);
  repositories['user/good'] = REPOSITORIES['tiny/large'];
  /** @type {Record<string, any>} */
  const right = {};
  for (const dtype of ['fp32', 'q8']) {
    right[dtype] = await page.evaluate(attempt, { model: 'user/good', damage: false, options: { dtype } });
    assert.equal(right[dtype][0].label, 'positive');
  }
  const loads = async (/** @type {number} */ first) => {
    const opened = await openApp(browser, app);
    for (let seed = first; seed < LOADS; seed += PAGES) {
      const random = randoms(seed);
      const model = `user/model-${seed}`;
      const base = REPOSITORIES[random() < 0.5 ? 'tiny/sharded' : 'tiny/large'];
      const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors', 'model-00001-of-00003.safetensors',
        'model-00003-of-00003.safetensors', 'model.safetensors.index.json'].filter((name) => !base.faults?.[name]);
      const faults = Object.fromEntries(names.filter(() => random() < 0.35).map((name) => [name, fault(random)]));
      const options = { dtype: random() < 0.5 ? 'fp32' : 'q8' };
      const abortAfter = random() < 0.3 ? random() * 300 : undefined;
      repositories[model] = { ...base, faults: { ...base.faults, ...faults } };
      const what = `seed ${seed}: ${JSON.stringify({ faults, options, abortAfter })}`;
      const bad = await opened.page.evaluate(attempt, { model, abortAfter, damage: false, options });
      const known = ['AbortError', 'network', 'http', 'rate-limited', 'integrity', 'content'];
      if (typeof bad === 'string') assert.ok(known.includes(bad), `${bad} ${what}`);
      else assert.deepEqual(bad, right[options.dtype], what);
      tally[typeof bad === 'string' ? bad : 'right'] = (tally[typeof bad === 'string' ? bad : 'right'] ?? 0) + 1;
      repositories[model] = base;
      const damage = random() < 0.5;
      const good = await opened.page.evaluate(attempt, { model, damage, options });
      assert.deepEqual(good, right[options.dtype], `then ${what}`);
      // All of it is stored now, and nothing beside it.
      assert.deepEqual(await opened.page.evaluate(attempt, { model, damage: false, options: { ...options, local_files_only: true } }), good, what);
      const list = await opened.page.evaluate(() => models.list());
      const stored = list.find((/** @type {any} */ { id }) => id === model);
      for (const { file, size, bytes } of stored.files) assert.equal(bytes, size, `${file} ${what}`);
    }
  };
  await Promise.all(Array.from({ length: PAGES }, (_, first) => loads(first)));
  assert.ok(tally.right >= 30 && LOADS - tally.right >= 20, JSON.stringify(tally));
});
