/** The whole package but for WASM, which a fake stands in for, in one thread over a real server. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { HeadwiseError } from '../../www/lib/errors.js';
import { pipelineOn } from '../../www/lib/pipeline.js';
import { failure, fakeGlue, hostOf, modelFiles, startServer, weightsOf } from './support.mjs';

/** A pipeline function over a fake engine, a server with `files`, and a loaded classifier on demand. */
async function setUp(t, files = modelFiles('/m')) {
  const { state, init, glue } = fakeGlue();
  const origin = await startServer(t, files);
  const make = pipelineOn(hostOf(init, glue));
  /** @type {(model?: string, options?: object) => Promise<any>} */
  const pipeline = async (model = '/m', options = {}) => {
    const made = await make('text-classification', origin + model, { worker: false, ...options });
    t.after(() => made.dispose());
    return made;
  };
  return { pipeline, make, origin, state };
}

/** Polls until a condition holds: what a port delivers comes a few tasks later. */
async function until(condition) {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `never came true: ${condition}`);
    await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
}

test('the shapes of a call', async (t) => {
  const { pipeline } = await setUp(t);
  const classify = await pipeline();
  const good = { label: 'good', score: 1 };
  const bad = { label: 'bad', score: 1 / 2 };
  const ugly = { label: 'ugly', score: 1 / 3 };
  assert.deepEqual(await classify('a'), [good]);
  assert.deepEqual(await classify('a', { top_k: 2 }), [good, bad]);
  assert.deepEqual(await classify('a', { top_k: null }), [good, bad, ugly]);
  assert.deepEqual(await classify(['a', 'b']), [good, good]);
  assert.deepEqual(await classify(['a', 'b'], { top_k: 1 }), [good, good]);
  assert.deepEqual(await classify(['a'], { top_k: null }), [[good, bad, ugly]]);
  assert.deepEqual(await classify({ text: 'a', text_pair: 'b' }), [good]);
  assert.deepEqual(await classify([{ text: 'a' }, 'b'], { top_k: 2 }), [[good, bad], [good, bad]]);
  assert.deepEqual(await classify([]), []);
  assert.deepEqual(await classify([], { top_k: null }), []);

  const { meta } = await classify(['a', 'bcd']);
  assert.deepEqual(meta.inputs.map(({ tokens }) => tokens), [3, 5]);
  assert.ok(meta.ms >= 0);
});

test('what is no input, option or task is refused and does no harm', async (t) => {
  const { pipeline, make, origin } = await setUp(t);
  const classify = await pipeline();
  const bad = [7, null, undefined, {}, { text: 1 }, { text: 'a', text_pair: 7 }, { text: 'a', textPair: 'b' },
    [['a', 'b']], ['a', 7]];
  for (const input of bad) assert.equal((await failure(classify(input))).code, 'input', JSON.stringify(input));
  const second = await failure(classify(['a', 7]));
  assert.deepEqual([second.details.input, second.message.slice(0, 9)], [1, 'Input 1: '], 'which of several it is');
  assert.equal((await classify({ text: 'a', text_pair: null })).length, 1, 'null is no second text');
  assert.equal((await failure(classify('a', { topk: 2 }))).code, 'option');
  assert.equal((await failure(classify('refuse this'))).details.fake, true);
  const error = await failure(make('translation', origin));
  assert.equal(error.code, 'task');
  for (const task of ['text-classification', 'fill-mask', 'ner']) assert.ok(error.details.supported.includes(task), task);
  assert.equal((await failure(pipeline('/m', { dtype: 'q4' }))).code, 'option');
  assert.equal((await classify('still fine')).length, 1);
});

test('what a pipeline says about itself', async (t) => {
  const { make, origin } = await setUp(t);
  const classify = await make('sentiment-analysis', `${origin}/m`, { worker: false, config: { labels: ['x', 'y'] } });
  assert.equal(classify.task, 'text-classification');
  assert.deepEqual(classify.tokenizer, { max_length: 512, mask_token: '[MASK]' });
  assert.deepEqual([classify.model.id, classify.model.url, classify.model.labels],
    [`${origin}/m`, `${origin}/m/`, ['x', 'y']]);
  assert.deepEqual(classify.model.config, { labels: ['x', 'y'] });
  assert.ok([classify, classify.model, classify.model.labels, classify.model.config, classify.tokenizer].every(Object.isFrozen));
  await classify[Symbol.asyncDispose]();
});

test('progress is true: totals never change, loaded never falls, the last is 100', async (t) => {
  const { pipeline, origin } = await setUp(t, {
    ...modelFiles('/m'),
    '/m/model.safetensors': (_, response) => {
      const body = modelFiles('/m')['/m/model.safetensors'];
      for (let place = 0; place < 10; place += 1) {
        setTimeout(() => response.write(body.subarray(place * 1e5, (place + 1) * 1e5)), place * 20);
      }
      setTimeout(() => response.end(), 200);
    },
  });
  const events = [];
  await pipeline('/m', { progress_callback: (event) => events.push(event) });
  const of = (status) => events.filter((event) => event.status === status);
  const names = ['config.json', 'model.safetensors', 'tokenizer.json'];
  for (const status of ['initiate', 'download', 'done']) {
    assert.deepEqual(of(status).map(({ file }) => file).sort(), names, `${status}, and nothing about absent files`);
  }
  const totals = of('progress_total');
  assert.ok(totals.length >= 3 && totals.length <= 8, `${totals.length} reports in 0.2 s`);
  assert.equal(new Set(totals.map(({ total }) => total)).size, 1);
  totals.reduce((before, { loaded }) => (assert.ok(loaded >= before), loaded), 0);
  assert.equal(totals.at(-1).progress, 100);
  assert.equal(totals.at(-1).total, 1_000_000 + totals.at(-1).files['config.json'].total + 2);
  assert.deepEqual(events.at(-1), { status: 'ready', task: 'text-classification', model: `${origin}/m` });
});

test('tokenizer files of other kinds are used when there is no tokenizer.json', async (t) => {
  const without = (folder) => {
    const { [`${folder}/tokenizer.json`]: _, ...files } = modelFiles(folder);
    return files;
  };
  const page = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
  const pieces = '\n\u000e\n\u0005<unk>';
  const vocabulary = '[PAD]\n[UNK]\n';
  const sentencepiece = ['sentencepiece.bpe', 'spiece', 'spm'];
  const { pipeline } = await setUp(t, {
    ...without('/wordpiece'), '/wordpiece/vocab.txt': vocabulary,
    '/wordpiece/tokenizer.json': page, '/wordpiece/tokenizer_config.json': page,
    ...without('/codes'), '/codes/vocab.txt': vocabulary, '/codes/bpe.codes': 'n g 1\nn h 2\n',
    ...without('/bpe'), '/bpe/vocab.json': '{}', '/bpe/merges.txt': '#version: 0.2', '/bpe/special_tokens_map.json': '{}',
    '/bpe/added_tokens.json': '{}',
    ...Object.assign({}, ...sentencepiece.map((name) => ({ ...without(`/${name}`), [`/${name}/${name}.model`]: pieces }))),
    ...without('/none'), '/none/vocab.json': '{}',
  });
  assert.deepEqual((await pipeline('/wordpiece')).model.files, ['config.json', 'vocab.txt']);
  assert.deepEqual((await pipeline('/codes')).model.files, ['bpe.codes', 'config.json', 'vocab.txt']);
  assert.deepEqual((await pipeline('/bpe')).model.files,
    ['added_tokens.json', 'config.json', 'merges.txt', 'special_tokens_map.json', 'vocab.json']);
  for (const name of sentencepiece) {
    assert.deepEqual((await pipeline(`/${name}`)).model.files, ['config.json', `${name}.model`]);
  }
  assert.equal((await failure(pipeline('/none'))).code, 'tokenizer', 'the engine says what is missing');
});

test('files of added tokens are read unless tokenizer_config.json lists them', async (t) => {
  const files = (folder, settings) => ({
    ...modelFiles(folder), ...settings && { [`${folder}/tokenizer_config.json`]: settings },
    [`${folder}/added_tokens.json`]: '{"error": 7}', [`${folder}/special_tokens_map.json`]: '{}', [`${folder}/vocab.txt`]: 'a\nb\n',
  });
  const { pipeline } = await setUp(t, { ...files('/old'), ...files('/older', '{}'), ...files('/new', '{"added_tokens_decoder": {}}') });
  const added = ['added_tokens.json', 'config.json', 'special_tokens_map.json', 'tokenizer.json'];
  assert.deepEqual((await pipeline('/old')).model.files, added);
  assert.deepEqual((await pipeline('/older')).model.files, [...added, 'tokenizer_config.json']);
  assert.deepEqual((await pipeline('/new')).model.files, ['config.json', 'tokenizer.json', 'tokenizer_config.json']);
});

test('a model without model.safetensors is told what it has instead', async (t) => {
  const small = (folder) => ({ [`${folder}/config.json`]: '{}', [`${folder}/tokenizer.json`]: '{}' });
  const { pipeline, state } = await setUp(t, {
    ...small('/pickled'), '/pickled/pytorch_model.bin': 'PK',
    ...small('/empty'), '/empty/pytorch_model.bin': '<p>There is no such page',
  });
  const errors = await Promise.all(['/pickled', '/empty'].map((model) => failure(pipeline(model))));
  assert.deepEqual(errors.map(({ code }) => code), ['not-found', 'not-found']);
  assert.match(errors[0].message, /save_pretrained/);
  assert.match(errors[1].message, /model\.safetensors/);
  await until(() => state.alive === 0);
});

test('shards: all headers first, each shard is taken up where it was left, progress counts them all', async (t) => {
  const sizes = { a: 400_000, b: 10, c: 700_000 };
  const requests = [];
  const shard = (name, bytes) => ({ headers: { range } }, response) => {
    const from = Number(/\d+/.exec(range ?? '0'));
    requests.push(from ? `${name} from ${from > 0}` : name);
    const total = bytes.length;
    response.writeHead(from ? 206 : 200, from ? { 'content-range': `bytes ${from}-${total - 1}/${total}` } : {});
    response.end(bytes.subarray(from));
  };
  const { pipeline } = await setUp(t, {
    ...Object.fromEntries(Object.entries(modelFiles('/m')).filter(([path]) => !path.endsWith('.safetensors'))),
    '/m/model.safetensors.index.json': JSON.stringify({ shards: Object.keys(sizes) }),
    ...Object.fromEntries(Object.entries(sizes).map(([name, size]) => [`/m/${name}`, shard(name, weightsOf(size))])),
  });
  const events = [];
  await pipeline('/m', { progress_callback: (event) => events.push(event) });
  assert.deepEqual(requests, ['a', 'b', 'c', 'a from true', 'c from true']);
  const totals = events.filter(({ status }) => status === 'progress_total');
  assert.equal(new Set(totals.map(({ total }) => total)).size, 1);
  assert.equal(totals.at(-1).progress, 100);
  for (const [name, size] of Object.entries(sizes)) {
    assert.deepEqual(totals.at(-1).files[name], { loaded: size, total: size });
    assert.ok(events.some(({ status, file }) => status === 'done' && file === name));
  }
});

test('weights that are not as promised are fetched once more, into a new loader', async (t) => {
  const hashOf = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;
  const files = modelFiles('/m');
  const integrity = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path.slice('/m/'.length), hashOf(bytes)]));
  const good = files['/m/model.safetensors'];
  const bad = Uint8Array.from(good).fill(1, 500_000, 500_001);
  let bads = 1;
  const { pipeline, state } = await setUp(t, {
    ...files, '/m/vocab.txt': 'x', '/m/tokenizer_config.json': 'never asked for',
    '/m/model.safetensors': (_, response) => response.end(bads-- > 0 ? bad : good),
  });
  const events = [];
  const { model } = await pipeline('/m', { integrity, progress_callback: (event) => events.push(event) });
  assert.deepEqual(model.files, ['config.json', 'tokenizer.json']);
  events.filter(({ status }) => status === 'progress_total')
    .reduce((before, { loaded }) => (assert.ok(loaded >= before), loaded), 0);
  assert.equal(state.alive, 1);
  bads = 2;
  assert.equal((await failure(pipeline('/m', { integrity }))).code, 'integrity');
  const { 'tokenizer.json': _, ...less } = integrity;
  assert.equal((await failure(pipeline('/m', { integrity: less }))).code, 'tokenizer', 'no tokenizer is listed');
  const { 'config.json': __, ...without } = integrity;
  assert.equal((await failure(pipeline('/m', { integrity: without }))).details.unlisted, true);
  await until(() => state.alive === 1);
  for (const wrong of [{ 'config.json': 'sha256-x' }, { 'config.json': 1 }, []]) {
    assert.equal((await failure(pipeline('/m', { integrity: wrong }))).code, 'option');
  }
});

test('fetch may be replaced, in this thread only; nothing remote is asked for if that is not allowed', async (t) => {
  const { pipeline, make, origin } = await setUp(t);
  const seen = [];
  const fetch = (url, init) => {
    seen.push(url);
    return globalThis.fetch(url, init);
  };
  await pipeline('/m', { fetch });
  assert.ok(seen.length > 0 && seen.every((url) => url.startsWith(`${origin}/m/`)));
  assert.equal((await failure(pipeline('/m', { fetch, worker: true }))).details.option, 'fetch');
  assert.equal((await failure(pipeline('/m', { fetch: 'no' }))).code, 'option');

  seen.length = 0;
  globalThis.location = { href: 'http://127.0.0.1:1/app/', origin: 'http://127.0.0.1:1' };
  t.after(() => { delete globalThis.location; });
  for (const model of ['user/model', `${origin}/m`]) {
    const { code, details } = await failure(make('text-classification', model, { worker: false, fetch, allow_remote: false }));
    assert.deepEqual([code, details.option], ['option', 'allow_remote']);
  }
  const wasm = 'https://cdn.example/headwise.wasm';
  const error = await failure(make('text-classification', './m', { worker: false, fetch, wasm, allow_remote: false }));
  assert.equal(error.details.url, wasm);
  assert.deepEqual(seen, []);
});

test('a failed or aborted load leaves nothing behind', async (t) => {
  let open = 0;
  const endless = (_, response) => {
    open += 1;
    response.write(new Uint8Array([0, 15, 66, 64]));
    response.on('close', () => { open -= 1; });
  };
  const { pipeline, state } = await setUp(t, {
    ...modelFiles('/short'), '/short/model.safetensors': modelFiles('/m')['/m/model.safetensors'].subarray(0, 1000),
    ...modelFiles('/endless'), '/endless/model.safetensors': endless,
    '/half/config.json': (_, response) => setTimeout(() => response.writeHead(500).end(), 50),
    '/half/tokenizer.json': endless,
  });
  const short = await failure(pipeline('/short'));
  assert.ok(short instanceof HeadwiseError);
  assert.equal(short.code, 'incomplete');

  assert.equal((await failure(pipeline('/half'))).code, 'http');
  await until(() => open === 0);

  const controller = new AbortController();
  const loading = failure(pipeline('/endless', { signal: controller.signal }));
  await until(() => open === 1);
  controller.abort();
  assert.equal((await loading).name, 'AbortError');
  await until(() => open === 0 && state.alive === 0);
});

test('calls are computed in order; an aborted one stops, or never starts', async (t) => {
  const { pipeline, state } = await setUp(t);
  const classify = await pipeline();
  const running = new AbortController();
  const waiting = new AbortController();
  const calls = [
    classify('slow 1'),
    classify('slow 2', { signal: running.signal }),
    classify('3', { signal: waiting.signal }),
    classify('4'),
  ].map((call) => call.catch((error) => error.name));
  waiting.abort();
  await until(() => state.log.includes('start slow 2'));
  running.abort();
  const [, two, three] = await Promise.all(calls);
  assert.deepEqual([two, three], ['AbortError', 'AbortError']);
  assert.deepEqual(state.log, ['start slow 1', 'finish slow 1', 'start slow 2', 'start 4', 'finish 4']);
  await until(() => state.alive === 1);
});

test('dispose frees the model and leaves other pipelines alone', async (t) => {
  const { pipeline, state } = await setUp(t);
  const [first, second] = await Promise.all([pipeline(), pipeline()]);
  const call = failure(first('slow'));
  await first.dispose();
  await first.dispose();
  assert.equal((await call).code, 'disposed');
  assert.equal((await failure(first('a'))).code, 'disposed');
  await until(() => state.alive === 1);
  assert.equal((await second('a')).length, 1);
});

test('a panic ends its call and no other: what was loaded is loaded again', async (t) => {
  const files = modelFiles('/m');
  let gone = false;
  const config = (_, response) => response.writeHead(gone ? 404 : 200).end(gone ? '' : files['/m/config.json']);
  const { pipeline, state } = await setUp(t, { ...files, '/m/config.json': config });
  const [first, second] = await Promise.all([pipeline(), pipeline()]);
  for (const [text, code] of [['panic', 'crashed'], ['tokenizer panic', 'tokenizer']]) {
    // The second one is in the middle of a call, and both have others that wait.
    const running = second('slow one');
    await until(() => state.log.includes('start slow one'));
    state.log.length = 0;
    const trapped = failure(first(text));
    const [next, { length }, other] = await Promise.all([first('next'), running, second('other')]);
    const error = await trapped;
    assert.deepEqual([error.code, error.details.panic], [code, 'index out of bounds']);
    assert.match(error.message, /index out of bounds/);
    assert.deepEqual([next.length, length, other.length], [1, 1, 1]);
    assert.ok(state.log.includes('start slow one'), 'it was begun anew');
    assert.equal((await first('later')).length, 1);
    assert.equal(state.alive, 2, 'nothing of the instance before is counted');
  }
  assert.equal(state.instance, 2);
  // What cannot be loaded again is said so, and asked for at the next call.
  await failure(first('panic'));
  gone = true;
  assert.equal((await failure(first('a'))).code, 'not-found');
  gone = false;
  assert.equal((await first('a')).length, 1);
  await first.dispose();
  assert.equal((await second('still there')).length, 1);
});

test('where no worker starts, the calling thread computes, with a warning', async (t) => {
  const { make, origin } = await setUp(t);
  const warn = t.mock.method(console, 'warn', () => {});
  const noWorkers = await make('text-classification', `${origin}/m`);
  assert.equal((await noWorkers('a')).length, 1);
  assert.match(noWorkers.model.warnings[0], /calling thread.*Worker is not defined/);
  await noWorkers.dispose();
  let ended = 0;
  class Silent extends EventTarget {
    postMessage() {
      queueMicrotask(() => this.dispatchEvent(new Event('error')));
    }
    terminate() {
      ended += 1;
    }
  }
  class Refused {
    constructor() {
      throw new DOMException('not from here', 'SecurityError');
    }
  }
  t.after(() => { delete globalThis.Worker; });
  for (const [kind, words] of [[Silent, /its script cannot be loaded/], [Refused, /not from here/]]) {
    globalThis.Worker = kind;
    const classify = await make('text-classification', `${origin}/m`, { worker: true });
    assert.match(classify.model.warnings[0], words);
    assert.equal((await classify('a')).length, 1);
    assert.match(warn.mock.calls.at(-1).arguments[0], words);
    await classify.dispose();
  }
  assert.equal(ended, 1);
  const own = await failure(make('text-classification', `${origin}/m`, { worker: () => new Silent() }));
  assert.equal(own.code, 'crashed', 'who gives a worker wants that one');
});

test('a thread runs one variant: the best one or the one that is wanted', async (t) => {
  // Stands for an environment with everything, whatever this one has.
  t.mock.method(WebAssembly, 'validate', () => true);
  const { pipeline, state } = await setUp(t);
  assert.equal((await failure(pipeline('/m', { wasm: 'http://localhost/absent.wasm' }))).code, 'crashed');
  const first = await pipeline('/m', { variant: 'simd128', wasm: 'http://localhost/my_headwise_simd128.wasm' });
  const second = await pipeline('/m', { variant: 'auto', dtype: 'auto' });
  const error = await failure(pipeline('/m', { variant: 'relaxed' }));
  assert.deepEqual([error.code, error.details.supported], ['option', ['auto', 'simd128']]);
  assert.deepEqual([first, second].map(({ model }) => model.variant), ['simd128', 'simd128']);
  assert.equal((await second('a')).meta.variant, 'simd128');
  assert.deepEqual(state.opened.slice(0, 2), ['absent.wasm', 'my_headwise_simd128.wasm']);

  const other = await setUp(t);
  assert.equal((await other.pipeline()).model.variant, 'relaxed');
  assert.deepEqual(other.state.opened, ['headwise_relaxed.wasm']);
});

test('dtype and max_memory reach the engine, auto is its own choice', async (t) => {
  const { pipeline } = await setUp(t);
  const wishes = [{ dtype: 'q8' }, { dtype: 'fp16' }, { dtype: 'auto' }, {}, { max_memory: 999 }];
  const models = await Promise.all(wishes.map((options) => pipeline('/m', options)));
  assert.deepEqual(models.map(({ model }) => model.dtype), ['q8', 'fp16', 'fp32', 'fp32', 'q8']);
});

test('a new head is asked for, and warned of', async (t) => {
  const { pipeline } = await setUp(t);
  const warn = t.mock.method(console, 'warn', () => {});
  const model = await pipeline('/m', { new_head: { labels: ['a', 'b'], seed: 7 } });
  assert.deepEqual(model.model.labels, ['a', 'b']);
  assert.match(warn.mock.calls[0].arguments[0], /classifier\.weight.*Train/);
  await pipeline('/m');
  assert.equal(warn.mock.callCount(), 1);
  for (const wrong of [{}, { labels: [] }, { labels: [1] }, { labels: ['a'], seed: -1 }, { labels: ['a'], seeds: 1 }]) {
    assert.equal((await failure(pipeline('/m', { new_head: wrong }))).code, 'option');
  }
});
