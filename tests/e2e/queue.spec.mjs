/** Calls that wait for each other, in a real worker on the shipped model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, caught, openApp, startApp } from './app.mjs';
import { launch } from './harness.mjs';
import { shared } from './shared.mjs';

const MODEL = '/www/models/emotions-q8';

const app = shared(await startApp());
const browser = shared(await launch());

for (const worker of [true, false]) {
  test(`worker: ${worker}: a keystroke overtakes a batch, which a stream gives bit by bit`, async () => {
    const { page } = await openApp(browser, app);
    const seen = await page.evaluate(async ({ model, worker }) => {
      const classify = await api.pipeline('text-classification', model, { worker });
      const texts = Array.from({ length: 300 }, (_, place) => `The ${place}th of many sentences, each of which takes its time. `.repeat(1 + place % 5));
      const short = 'I love it';
      const alone = await classify(short);
      const settled = /** @type {string[]} */ ([]);
      const call = async (/** @type {string} */ name, /** @type {any} */ input, /** @type {object} */ options) => {
        const result = await classify(input, options);
        settled.push(name);
        return result;
      };
      const events = /** @type {number[]} */ ([]);
      const started = Promise.withResolvers();
      const batch = call('batch', texts, { priority: 'background', progress_callback: (/** @type {any} */ { done }) => {
        events.push(done);
        started.resolve(undefined);
      } });
      await started.promise;
      const [normal, typed] = await Promise.all([call('other', short, {}), call('typed', short, { priority: 'user-blocking' })]);
      const all = await batch;
      const rows = [];
      for await (const { index, result } of classify.stream(texts)) rows[index] = result;
      const controller = new AbortController();
      const ended = caught(() => classify(texts, { signal: controller.signal }));
      setTimeout(() => controller.abort(new Error('enough')), 20);
      const aborted = await ended;
      const newest = api.latest(classify);
      const [older, newer] = await Promise.all([newest(texts), newest(short)]);
      await classify.dispose();
      return { settled, events, aborted, older, scores: [alone, normal, typed, newer], all: [...all], rows };
    }, { model: MODEL, worker });
    assert.deepEqual(seen.settled, ['typed', 'other', 'batch']);
    assert.ok(seen.events.length > 1 && seen.events.at(-1) === 300);
    assert.deepEqual(seen.rows, seen.all);
    for (const scores of seen.scores) assert.deepEqual(scores, seen.scores[0]);
    assert.equal(seen.aborted?.message, 'enough');
    assert.equal(seen.older, undefined);
  });
}

test('a worker that is terminated is noticed, and replaced at the next call; one that computes long is left alone', async () => {
  const { page } = await openApp(browser, app);
  const seen = await page.evaluate(async (model) => {
    const workers = /** @type {Worker[]} */ ([]);
    const worker = () => {
      const made = new Worker('/www/lib/worker.js', { type: 'module' });
      workers.push(made);
      return made;
    };
    const load = (options = {}) => api.pipeline('text-classification', model, { worker, share_engine: true, ...options });
    const [one, two] = await Promise.all([load(), load()]);
    const before = await one('I love it');
    // More than the looks at a silent worker take, in one turn.
    const long = await one('word and more '.repeat(1e6));
    const running = caught(() => one(Array(3000).fill('a text of some length')));
    setTimeout(() => workers[0].terminate(), 100);
    const lost = await running;
    const after = await Promise.all([one('I love it'), two('I love it')]);
    await one.dispose();
    const still = await two('I love it');
    await two.dispose();
    const disposed = await caught(() => two('I love it'));

    const given = await load({ worker: worker() });
    workers[2].terminate();
    const codes = [await caught(() => given('I love it')), await caught(() => given('I love it'))].map((error) => error?.code);
    await given.dispose();
    return { before, long: long.length, lost, results: [...after, still], disposed, workers: workers.length, codes };
  }, MODEL);
  assert.equal(seen.long, 1);
  assert.deepEqual([seen.lost?.code, seen.lost?.isHeadwiseError], ['worker-lost', true]);
  for (const result of seen.results) assert.deepEqual(result, seen.before);
  assert.equal(seen.disposed?.code, 'disposed');
  assert.equal(seen.workers, 3);
  assert.deepEqual(seen.codes, ['worker-lost', 'worker-lost']);
});
