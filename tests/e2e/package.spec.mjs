/**
 * The package's API as an application calls it: from a blank page under the strict policy, models from a folder or
 * from the Hub. Each test runs its own page; what happens in it is one function, evaluated there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../tools/serve.mjs';
import { api, caught, openBlank, pipeline } from './app.mjs';
import { startFakeHub } from './fake_hub.mjs';
import { eventually, largestDifference, launch, readJson, ROOT, unexpected } from './harness.mjs';
import { CLASSIFIERS, REPOSITORIES } from './repositories.mjs';
import { shared } from './shared.mjs';

const hub = shared(await startFakeHub(REPOSITORIES));
const server = shared(await serve({ root: ROOT }));
const browser = shared(await launch(hub.browserFlags));

/** A blank page where `make(options, model?)` is a pipeline on the shipped model. */
async function openPackage() {
  const opened = await openBlank(browser, server);
  await opened.page.evaluate(() => {
    Object.assign(globalThis, {
      make: (options = {}, model = '/www/models/emotions') => pipeline('text-classification', model, options),
    });
  });
  return opened;
}

/** What `openPackage` puts into the page, for the checker. @type {any} */
const { make } = /** @type {any} */ ({});

test('the shapes of a call', async () => {
  const { page, problems } = await openPackage();
  const seen = await page.evaluate(async () => {
    const classify = await make();
    const [love, rage] = ['I love you so much', 'This makes me furious!'];
    const one = await classify(love);
    const shapes = {
      task: classify.task,
      id: classify.model.id,
      frozen: Object.isFrozen(classify.model),
      maxLength: classify.tokenizer.max_length,
      one,
      many: await classify([love, rage]),
      none: await classify([]),
      top3: await classify(love, { top_k: 3 }),
      top1: await classify(love, { top_k: 1 }),
      all: await classify(love, { top_k: null }),
      manyTop2: await classify([love, rage], { top_k: 2 }),
      pair: await classify({ text: love, text_pair: rage }),
      pairs: await classify([{ text: love, text_pair: rage }, { text: love }]),
      softmax: await classify(love, { function_to_apply: 'softmax', top_k: null }),
      logits: await classify(love, { function_to_apply: 'none', top_k: null }),
      keys: Object.keys(one),
      json: JSON.stringify(one),
      meta: one.meta,
      alias: (await (await api.pipeline('sentiment-analysis', '/www/models/emotions'))(love))[0].label,
    };
    await classify.dispose();
    return shapes;
  });
  assert.equal(seen.task, 'text-classification');
  assert.ok(seen.frozen);
  assert.equal(seen.maxLength, 512);
  assert.deepEqual(seen.one.map((/** @type {any} */ { label }) => label), ['love']);
  assert.equal(seen.alias, 'love');
  assert.deepEqual(seen.many.map((/** @type {any} */ { label }) => label), ['love', 'anger']);
  assert.deepEqual(seen.none, []);
  assert.deepEqual(seen.top1, seen.one);
  assert.equal(seen.all.length, 28);
  assert.deepEqual(seen.top3, seen.all.slice(0, 3));
  assert.deepEqual(seen.all, [...seen.all].sort((a, b) => b.score - a.score));
  assert.deepEqual(seen.manyTop2.map((/** @type {any} */ list) => list.length), [2, 2]);
  assert.deepEqual(seen.manyTop2[0], seen.all.slice(0, 2), 'alone or in a batch: the same bits');
  assert.equal(seen.pair.length, 1);
  assert.notEqual(seen.pair[0].score, seen.one[0].score);
  assert.deepEqual(seen.pairs, [seen.pair[0], seen.one[0]]);
  const sum = seen.softmax.reduce((/** @type {number} */ total, /** @type {any} */ { score }) => total + score, 0);
  assert.ok(Math.abs(sum - 1) < 1e-5, `softmax sums to ${sum}`);
  for (const { label, score } of seen.logits) {
    const shown = /** @type {number} */ (seen.all.find((/** @type {any} */ other) => other.label === label).score);
    assert.ok(Math.abs(1 / (1 + Math.exp(-score)) - shown) < 1e-5, `${label}: sigmoid(${score}) is not ${shown}`);
  }
  assert.deepEqual(seen.keys, ['0'], 'meta is not enumerable');
  assert.deepEqual(JSON.parse(seen.json), seen.one);
  assert.ok(seen.meta.ms > 0);
  assert.equal(seen.meta.variant, 'relaxed', 'the best variant that Chromium runs');
  assert.deepEqual(seen.meta.inputs, [{ tokens: 7, truncated: false, text_end: 18 }]);
  assert.deepEqual(problems, []);
});

test('models of the Hub give Python’s scores in both builds, one text at a time and together', async (t) => {
  const { page, problems } = await openPackage();
  for (const name of CLASSIFIERS) {
    for (const variant of ['relaxed', 'simd128']) {
      await t.test(`${name}, ${variant}`, async () => {
        const { cases } = await readJson(`tests/golden/hub/${name}/expected.json`);
        const inputs = cases.map((/** @type {any} */ { text, text_pair }) => ({ text, text_pair }));
        const { alone, together, meta, maxLength } = await page.evaluate(async ({ name, variant, inputs }) => {
          const classify = await make({ variant }, `tiny/${name}`);
          const alone = [];
          for (const input of inputs) alone.push(await classify(input, { top_k: null }));
          const together = await classify(inputs, { top_k: null });
          await classify.dispose();
          return { alone, together, meta: together.meta.inputs, maxLength: classify.tokenizer.max_length };
        }, { name, variant, inputs });
        assert.deepEqual(alone, together, 'alone or in a batch: the same bits');
        cases.forEach((/** @type {any} */ { results }, /** @type {number} */ index) => {
          const difference = largestDifference(together[index], results);
          assert.ok(difference <= 1e-4, `${JSON.stringify(inputs[index])}: ${difference}`);
        });
        const cut = meta.filter((/** @type {any} */ { truncated }) => truncated);
        const lengths = cut.map((/** @type {any} */ { tokens }) => tokens);
        assert.deepEqual(lengths, [maxLength, maxLength], 'the long text and the long pair are cut');
      });
    }
  }
  assert.deepEqual(unexpected(problems), []);
});

test('a bare encoder is refused, or on request gets a new head and a warning', async () => {
  const { page, problems } = await openPackage();
  /** @type {string[]} */
  const warnings = [];
  page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text());
  });
  const seen = await page.evaluate(async () => {
    const texts = ['What a wonderful morning!', 'The dog was not amused.'];
    const refused = await caught(() => make({}, 'tiny/bare-bert'));
    const run = async (/** @type {number} */ seed) => {
      const classify = await make({ new_head: { labels: ['no', 'yes'], seed } }, 'tiny/bare-bert');
      const scores = await classify(texts, { top_k: null });
      await classify.dispose();
      return { labels: classify.model.labels, drawn: classify.model.head.new, scores };
    };
    return { refused, seven: await run(7), again: await run(7), eight: await run(8) };
  });
  const tensors = ['classifier.weight', 'classifier.bias'];
  assert.equal(seen.refused?.code, 'missing-head');
  for (const tensor of tensors) assert.match(seen.refused?.message ?? '', new RegExp(tensor));
  assert.deepEqual(seen.seven.labels, ['no', 'yes']);
  assert.deepEqual(seen.seven.drawn, tensors);
  for (const scores of seen.seven.scores) {
    assert.deepEqual(scores.map((/** @type {any} */ { label }) => label).sort(), ['no', 'yes']);
    assert.ok(Math.abs(scores[0].score + scores[1].score - 1) < 1e-5);
  }
  assert.deepEqual(seen.again, seen.seven, 'the seed decides the head');
  assert.notDeepEqual(seen.eight.scores, seen.seven.scores);
  assert.equal(warnings.length, 3, 'every load with a new head warns');
  for (const warning of warnings) assert.match(warning, /tiny\/bare-bert.*classifier\.weight/);
  assert.deepEqual(unexpected(problems), []);
});

test('a truncated text ends where meta says, in UTF-16', async () => {
  const { page } = await openPackage();
  const { text, long, short } = await page.evaluate(async () => {
    const classify = await make();
    const text = 'Wow 😀 that is a 👩‍👩‍👧 surprise for the naïve 漢字. '.repeat(60);
    const long = await classify(text, { top_k: null });
    const short = await classify(text.slice(0, long.meta.inputs[0].text_end), { top_k: null });
    await classify.dispose();
    return { text, long: { scores: [...long], ...long.meta.inputs[0] }, short: { scores: [...short], ...short.meta.inputs[0] } };
  });
  assert.equal(long.truncated, true);
  assert.equal(long.tokens, 512);
  assert.ok(long.text_end > 0 && long.text_end < text.length);
  assert.ok(text.slice(0, long.text_end).isWellFormed(), 'a character is not cut in two');
  assert.deepEqual(short, { ...long, truncated: false }, 'what was used, alone, is the same text');
});

test('no text breaks it', async () => {
  const { page } = await openPackage();
  const results = await page.evaluate(async () => {
    const classify = await make();
    const texts = ['', '   ', '\ud800', 'lone \udc00 surrogate \ud83d', '\u0000\u0007\u202e', 'x'.repeat(5000), '👩‍👩‍👧'.repeat(500), '𝕳𝖊𝖑𝖑𝖔 مرحبا 漢字'];
    const results = await classify(texts);
    const replaced = [await classify('\ud800', { top_k: null }), await classify('\ufffd', { top_k: null })];
    await classify.dispose();
    return { results, replaced };
  });
  assert.equal(results.results.length, 8);
  for (const { label, score } of results.results) assert.ok(label !== '' && score >= 0 && score <= 1);
  assert.deepEqual(results.replaced[0], results.replaced[1], 'a lone surrogate is U+FFFD');
});

test('abort: a call, a load, and one that came too late', async () => {
  const { page } = await openPackage();
  const seen = await page.evaluate(async () => {
    const classify = await make();
    const many = Array.from({ length: 400 }, (_, index) => `The ${index}th of many long sentences, each of which takes its time. `.repeat(8));
    const calling = new AbortController();
    const started = performance.now();
    setTimeout(() => calling.abort(new Error('changed my mind')), 50);
    const call = await caught(() => classify(many, { signal: calling.signal }));
    const waited = performance.now() - started;
    const late = await classify('x', { signal: AbortSignal.abort('too late') }).catch((/** @type {any} */ error) => error);
    const goesOn = (await classify('Thank you!'))[0].label;

    const loading = new AbortController();
    const load = await caught(() => make({
      signal: loading.signal,
      progress_callback: (/** @type {any} */ { status }) => { if (status === 'progress_total') loading.abort(); },
    }, 'tiny/stalled'));
    await classify.dispose();
    return { call, waited, late, goesOn, load };
  });
  assert.deepEqual([seen.call?.name, seen.call?.message], ['Error', 'changed my mind']);
  assert.ok(seen.waited < 2000, `answered after ${seen.waited} ms`);
  assert.equal(seen.late, 'too late');
  assert.equal(seen.goesOn, 'gratitude');
  assert.equal(seen.load?.name, 'AbortError');
  await eventually('neither the aborted load nor the disposed pipeline leaves a worker', () => page.workers().length === 0);
});

test('mistakes of the caller are errors that say what is possible', async () => {
  const { page } = await openPackage();
  const seen = await page.evaluate(async () => {
    const classify = await make();
    const errors = {
      task: await caught(() => api.pipeline('image-segmentation', '/www/models/emotions')),
      option: await caught(() => make({ progres_callback: () => {} })),
      device: await caught(() => make({ device: 'webgpu' })),
      dtype: await caught(() => make({ dtype: 'q4' })),
      variant: await caught(() => make({ variant: 'simd256' })),
      model: await caught(() => make({}, 'a/b/c')),
      parent: await caught(() => make({}, 'tiny/..')),
      missing: await caught(() => make({}, '/www/models/nothing')),
      callOption: await caught(() => classify('x', { topk: 3 })),
      callValue: await caught(() => classify('x', { function_to_apply: 'relu' })),
      input: await caught(() => classify(7)),
      worker: await caught(() => make({ worker: () => new Worker('/nothing.js', { type: 'module' }) })),
    };
    const goesOn = (await classify('Thank you!'))[0].label;
    await classify.dispose();
    await classify.dispose();
    return { ...errors, disposed: await caught(() => classify('x')), goesOn };
  });
  const codes = Object.fromEntries(Object.entries(seen).map(([name, error]) => [name, error?.code]));
  assert.deepEqual(codes, {
    task: 'task', option: 'option', device: 'option', dtype: 'option', variant: 'option', model: 'model', parent: 'model', missing: 'not-found',
    callOption: 'option', callValue: 'option', input: 'input', worker: 'crashed', disposed: 'disposed', goesOn: undefined,
  });
  assert.equal(seen.goesOn, 'gratitude');
  for (const error of [seen.task, seen.option, seen.device, seen.dtype, seen.variant, seen.callOption, seen.callValue]) {
    assert.ok(error.details.supported.length > 0, error.message);
    assert.ok(error.isHeadwiseError, error.message);
  }
  assert.match(seen.task.message, /image-segmentation.*text-classification/s);
  assert.match(seen.option.message, /progres_callback.*progress_callback/s);
  assert.match(seen.missing.message, /config\.json/);
});

test('faults of the Hub have their codes', async () => {
  const { page } = await openPackage();
  const codes = await page.evaluate(async () => {
    const ids = ['absent', 'no-weights', 'broken-json', 'html', 'truncated', 'dropped', 'bare-bert', 'unsupported', 'gated'];
    const codes = {};
    for (const id of ids) Object.assign(codes, { [id]: (await caught(() => make({}, `tiny/${id}`))).code });
    return codes;
  });
  assert.deepEqual(codes, {
    absent: 'not-found', 'no-weights': 'not-found', 'broken-json': 'config', html: 'content', truncated: 'incomplete', dropped: 'network',
    'bare-bert': 'missing-head', unsupported: 'unsupported-model', gated: 'access',
  });
  await eventually('a failed load leaves no worker', () => page.workers().length === 0);
});

test('a token opens a gated model and goes to the Hub only', async () => {
  const { page, problems } = await openPackage();
  const before = hub.log.length;
  const { label } = await page.evaluate(async () => {
    const classify = await make({ token: async () => 'hf_secret' }, 'tiny/gated');
    const [best] = await classify('What a wonderful morning!');
    await classify.dispose();
    return best;
  });
  assert.equal(label, 'positive');
  const requests = hub.log.slice(before);
  const weights = requests.filter(({ path }) => path.startsWith('/tiny/gated/model.safetensors'));
  assert.deepEqual(weights.map(({ authorization }) => authorization), [undefined]);
  assert.ok(requests.every(({ path }) => !path.includes('hf_secret')));
  assert.deepEqual(problems, []);
});

test('worker: none, the caller’s own, and two pipelines at once', async () => {
  const { page, problems } = await openPackage();
  const scores = await page.evaluate(async () => {
    const text = 'What a wonderful surprise, thank you';
    const own = new Worker('/www/lib/worker.js', { type: 'module' });
    const pipelines = await Promise.all([make(), make({ worker: false }), make({ worker: own }), make({ worker: () => new Worker('/www/lib/worker.js', { type: 'module' }) })]);
    const scores = await Promise.all(pipelines.map((classify) => classify(text, { top_k: null })));
    const other = await make({}, '/tests/golden/hub/tiny-bert');
    const [both] = await Promise.all([pipelines[0](text, { top_k: null }), other(text)]);
    await other.dispose();
    Object.assign(globalThis, { pipelines });
    return [...scores, both];
  });
  for (const other of scores.slice(1)) assert.deepEqual(other, scores[0]);
  await eventually('three of them have a worker', () => page.workers().length === 3);
  await page.evaluate(async () => {
    for (const classify of /** @type {any} */ (globalThis).pipelines) await classify.dispose();
  });
  await eventually('dispose ends the worker, the only way that WASM memory returns', () => page.workers().length === 0);
  assert.deepEqual(problems, []);
});

test('variants: both give the same scores, each from a module of its own', async () => {
  const { page, problems } = await openPackage();
  const modules = new Set();
  page.context().on('request', (request) => {
    const [name] = /\w+\.wasm$/.exec(request.url()) ?? [];
    if (name) modules.add(name);
  });
  const texts = ['What a wonderful surprise, thank you', 'no', 'I never said that. '.repeat(60)];
  const run = (/** @type {string} */ variant) => page.evaluate(async ({ variant, texts }) => {
    const classify = await make({ variant });
    const scores = await classify(texts, { top_k: null });
    await classify.dispose();
    return { model: classify.model.variant, meta: scores.meta.variant, scores };
  }, { variant, texts });
  const relaxed = await run('auto');
  assert.deepEqual([...modules], ['headwise_relaxed.wasm'], 'a browser downloads one module');
  const plain = await run('simd128');
  assert.deepEqual([...modules], ['headwise_relaxed.wasm', 'headwise_simd128.wasm']);
  assert.deepEqual([relaxed.model, relaxed.meta, plain.model, plain.meta], ['relaxed', 'relaxed', 'simd128', 'simd128']);
  relaxed.scores.forEach((/** @type {any} */ scores, /** @type {number} */ index) => {
    assert.equal(scores[0].label, plain.scores[index][0].label);
    const difference = largestDifference(scores, plain.scores[index]);
    assert.ok(difference <= 1e-4, `text ${index} differs by ${difference}`);
  });
  assert.deepEqual(problems, []);
});

test('wasm: a folder, a file for each variant, or the module itself', async () => {
  const { page, problems } = await openPackage();
  /** @type {string[]} */
  const fetched = [];
  page.context().on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.endsWith('.wasm')) fetched.push(pathname);
  });
  const variants = await page.evaluate(async () => {
    const folder = '/www//lib/wasm/';
    const module = await WebAssembly.compileStreaming(fetch('/www/lib/wasm/headwise_simd128.wasm'));
    const variants = [];
    for (const wasm of [folder, { simd128: `${folder}headwise_simd128.wasm` }, module, { simd128: module }]) {
      const classify = await make({ wasm, ...wasm === module && { variant: 'simd128' } });
      variants.push((await classify('What a surprise')).meta.variant);
      await classify.dispose();
    }
    return variants;
  });
  assert.deepEqual(variants, ['relaxed', 'simd128', 'simd128', 'simd128']);
  assert.deepEqual(fetched, ['/www/lib/wasm/headwise_simd128.wasm', '/www//lib/wasm/headwise_relaxed.wasm', '/www//lib/wasm/headwise_simd128.wasm']);
  const error = await page.evaluate(() => caught(() => make({ variant: 'relaxed', wasm: { simd128: '/www/lib/wasm/' } })));
  assert.deepEqual([error?.code, error?.details], ['option', { option: 'wasm', supported: ['simd128'] }]);
  assert.deepEqual(problems, []);
});

test('variants: a thread has one, and an environment may lack what one needs', async () => {
  const { page } = await openPackage();
  const seen = await page.evaluate(async () => {
    const { validate } = WebAssembly;
    WebAssembly.validate = () => false;
    const nothing = await caught(() => make({ worker: false }));
    const forced = await caught(() => make({ worker: false, variant: 'relaxed' }));
    WebAssembly.validate = validate;
    const classify = await make({ worker: false, variant: 'simd128' });
    const other = await caught(() => make({ worker: false, variant: 'relaxed' }));
    const same = await make({ worker: false });
    const variants = [classify.model.variant, same.model.variant];
    await Promise.all([classify.dispose(), same.dispose()]);
    return { nothing, forced, other, variants };
  });
  assert.deepEqual([seen.nothing?.code, seen.nothing?.details.missing], ['unsupported-environment', 'SIMD in WebAssembly']);
  assert.deepEqual([seen.forced?.code, seen.forced?.details.missing], ['unsupported-environment', 'relaxed SIMD in WebAssembly']);
  assert.deepEqual([seen.other?.code, seen.other?.details], ['option', { option: 'variant', supported: ['auto', 'simd128'] }]);
  assert.deepEqual(seen.variants, ['simd128', 'simd128']);
});

test('progress is true: it never falls, its total never changes, it ends at 100', async () => {
  const { page } = await openPackage();
  for (const model of ['/www/models/emotions', 'tiny/tiny-roberta']) {
    const events = await page.evaluate(async (model) => {
      /** @type {any[]} */
      const events = [];
      await (await make({ progress_callback: (/** @type {any} */ event) => events.push(event) }, model)).dispose();
      return events;
    }, model);
    const totals = events.filter(({ status }) => status === 'progress_total');
    assert.ok(totals.length >= 2, `${totals.length} events`);
    totals.forEach(({ loaded, total, progress }, index) => {
      assert.equal(total, totals[0].total);
      assert.ok(Math.abs(progress - (100 * loaded) / total) < 1e-6);
      if (index > 0) assert.ok(loaded >= totals[index - 1].loaded);
    });
    assert.equal(totals.at(-1).progress, 100);
    assert.equal(events.at(-1).status, 'ready');
    const statuses = new Set(events.map(({ status }) => status));
    assert.deepEqual([...statuses].sort(), ['done', 'download', 'initiate', 'progress', 'progress_total', 'ready']);
  }
});
