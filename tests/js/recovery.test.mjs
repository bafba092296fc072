/** Workers that are lost, and engines that are shared. The workers are fakes in this thread. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../www/lib/engine/engine.js';
import { pipelineOn } from '../../www/lib/pipeline.js';
import { failure, fakeGlue, hostOf, modelFiles, startServer } from './support.mjs';

/** Locks as all threads of a page have them. */
function locksOn(t) {
  const held = new Map();
  const locks = {
    request: async (name, use) => {
      held.set(name, (held.get(name) ?? 0) + 1);
      try {
        await use();
      } finally {
        held.set(name, held.get(name) - 1);
      }
    },
    query: async () => ({ held: [...held].filter(([, count]) => count > 0).map(([name]) => ({ name })), pending: [] }),
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  t.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : delete globalThis.navigator));
  return { locks, held };
}

/** A server with a model, and workers that run an engine with a module of their own. */
async function setUp(t, files = modelFiles('/m')) {
  const { locks, held } = locksOn(t);
  // A second takes ten milliseconds.
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, 'setTimeout', (run, ms, ...args) => setTimeout(run, ms / 100, ...args));
  const requests = [];
  const origin = await startServer(t, Object.fromEntries(Object.entries(files).map(([path, body]) => [path, (request, response) => {
    requests.push(request.url);
    if (typeof body === 'function') body(request, response);
    else response.end(body);
  }])));
  const workers = [];
  const makeWorker = () => {
    const { state, init, glue } = fakeGlue();
    const worker = Object.assign(new EventTarget(), { dead: false, state, postMessage, terminate });
    const port = { onmessage: null, close() {}, postMessage: (data) => later(() => worker.dispatchEvent(new MessageEvent('message', { data }))) };
    let lock;
    const later = async (run) => {
      await new Promise(setImmediate);
      await worker.computing;
      if (!worker.dead) run();
    };
    function postMessage(data) {
      lock = data.lock ?? lock;
      later(() => port.onmessage({ data: structuredClone(data) }));
    }
    function terminate() {
      worker.dead = true;
      held.delete(lock);
    }
    /** Neither hears nor says anything, for so many seconds. */
    worker.compute = (seconds) => {
      worker.computing = locks.request(lock, () => new Promise((resolve) => { setTimeout(resolve, 10 * seconds); }));
    };
    serve(port, hostOf(init, glue));
    workers.push(worker);
    return worker;
  };
  const { init, glue, state } = fakeGlue();
  const make = pipelineOn(hostOf(init, glue));
  const pipeline = async (options, model = `${origin}/m`) => {
    const pipe = await make('text-classification', model, options);
    t.after(() => pipe.dispose());
    return pipe;
  };
  return { pipeline, makeWorker, workers, requests, origin, state };
}

const started = async (worker, text) => {
  while (!worker.state.log.includes(`start ${text}`)) await new Promise(setImmediate);
};

test('a worker that is terminated fails what is pending, and is replaced at the next call', async (t) => {
  const { pipeline, makeWorker, workers } = await setUp(t);
  const given = [...Object.entries(modelFiles(''))].map(([path, body]) => new File([body], path.slice(1)));
  for (const model of [undefined, given]) {
    workers.length = 0;
    const pipe = await pipeline({ worker: makeWorker }, model);
    const before = await pipe('a');
    const pending = [pipe('slow'), pipe('b')].map(failure);
    await started(workers[0], 'slow');
    workers[0].terminate();
    for (const error of await Promise.all(pending)) assert.deepEqual([error.name, error.code], ['HeadwiseError', 'worker-lost']);
    const controller = new AbortController();
    const left = failure(pipe('left', { signal: controller.signal }));
    controller.abort('enough');
    assert.equal(await left, 'enough');
    assert.deepEqual(await Promise.all([pipe('a'), pipe('a')]), [before, before]);
    assert.equal(workers.length, 2, 'the next two calls have one worker');
    workers[1].dispatchEvent(Object.assign(new Event('error'), { message: 'boom' }));
    assert.ok(workers[1].dead);
    assert.deepEqual(await pipe('a'), before);
    await pipe.dispose();
    assert.ok(workers.every(({ dead }) => dead));
    assert.equal((await failure(pipe('a'))).code, 'disposed');
  }
});

test('a worker that was given cannot be replaced, which is said', async (t) => {
  const { pipeline, makeWorker, workers } = await setUp(t);
  const pipe = await pipeline({ worker: makeWorker() });
  workers[0].terminate();
  assert.equal((await failure(pipe('a'))).code, 'worker-lost');
  const error = await failure(pipe('a'));
  assert.deepEqual([error.code, error.details.option], ['worker-lost', 'worker']);
  assert.match(error.message, /worker: \(\) => new Worker/);
});

test('a worker that computes long, or says nothing but lives, is not lost', async (t) => {
  const { pipeline, makeWorker, workers } = await setUp(t);
  const pipe = await pipeline({ worker: makeWorker });
  const call = pipe('slow');
  await started(workers[0], 'slow');
  workers[0].compute(60);
  assert.equal((await call).length, 1);
  assert.equal(workers.length, 1);
});

test('a call without enough memory fails alone, and the model is loaded again', async (t) => {
  const { pipeline, makeWorker, workers } = await setUp(t);
  const pipe = await pipeline({ worker: makeWorker });
  const before = await pipe('a');
  const [error, next] = await Promise.all([failure(pipe('too much')), pipe('a')]);
  assert.equal(error.code, 'out-of-memory');
  assert.deepEqual(next, before);
  assert.deepEqual([workers.length, workers[0].state.instance], [1, 1]);
});

test('what shares an engine loads once, and the last one ends it', async (t) => {
  const { pipeline, makeWorker, workers, requests, origin } = await setUp(t);
  const events = [[], []];
  const options = (place) => ({
    worker: makeWorker, share_engine: true, config: { labels: ['x'] }, progress_callback: (event) => events[place].push(event.status),
  });
  const leaving = new AbortController();
  const left = failure(pipeline({ ...options(0), signal: leaving.signal }));
  const [one, two] = await Promise.all([pipeline(options(0)), pipeline(options(1)), leaving.abort()]);
  assert.equal((await left).name, 'AbortError', 'who leaves does not end the load for others');
  assert.equal(workers.length, 1);
  assert.equal(requests.filter((url) => url.endsWith('.safetensors')).length, 1);
  assert.deepEqual(events.map((list) => list.at(-1)), ['ready', 'ready']);
  assert.deepEqual(await one('a'), await two('a'));
  const pending = failure(one('slow'));
  await one.dispose();
  await one.dispose();
  assert.equal((await pending).code, 'disposed');
  assert.equal((await failure(one('a'))).code, 'disposed');
  assert.equal((await two('a'))[0].label, 'x');
  workers[0].terminate();
  assert.equal((await failure(two('a'))).code, 'worker-lost');
  const three = await pipeline(options(0));
  assert.deepEqual(await Promise.all([two('a'), three('a')]), [await two('a'), await two('a')]);
  assert.equal(workers.length, 2);

  const others = await Promise.all([pipeline({ ...options(0), config: { labels: ['y'] } }), pipeline({ ...options(0), dtype: 'q8' }),
    pipeline({ ...options(0), share_engine: false }), pipeline(options(0), `${origin}/m/`),
    ...['of one person', 'of another'].map((token) => pipeline({ ...options(0), token: () => token }))]);
  assert.equal(workers.length, 8, 'other options and other references have engines of their own, functions of equal text too');
  for (const pipe of [two, three, ...others]) await pipe.dispose();
  assert.ok(workers.every(({ dead }) => dead));

  const failing = { ...options(0), new_head: { labels: ['a'] }, integrity: {} };
  for (const _ of [1, 2]) assert.equal((await failure(pipeline(failing))).code, 'integrity');
  await pipeline({ ...options(0), signal: AbortSignal.abort('no') }).catch((reason) => assert.equal(reason, 'no'));
  assert.ok(workers.every(({ dead }) => dead));
});
