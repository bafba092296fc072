/**
 * Every task in Chromium against Python's results (`tests/golden/tasks/`), called as an application calls it; and
 * tokenizers and models by themselves against Python's ids, logits, hidden states and attentions.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { serve } from '../../tools/serve.mjs';
import { api, caught, openBlank } from './app.mjs';
import { launch, readJson, ROOT, unexpected } from './harness.mjs';
import { readSafetensors } from './safetensors.mjs';
import { shared } from './shared.mjs';

/** How far scores may be from Python's. */
const TOLERANCE = 1e-4;

/** @typedef {{task: string, options: any, input: any, result: any}} Case */

const server = shared(await serve({ root: ROOT }));
const browser = shared(await launch());

/**
 * The same structure, spelling and order, with numbers within the tolerance.
 *
 * @param {any} actual
 * @param {any} expected
 * @param {string} where
 */
function assertClose(actual, expected, where) {
  if (typeof expected === 'number') {
    assert.ok(Math.abs(actual - expected) <= TOLERANCE, `${where}: ${actual} is not ${expected}`);
  } else if (typeof expected === 'object' && expected !== null) {
    assert.deepEqual(Object.keys(actual ?? {}).sort(), Object.keys(expected).sort(), where);
    for (const key of Object.keys(expected)) assertClose(actual[key], expected[key], `${where}.${key}`);
  } else {
    assert.equal(actual, expected, where);
  }
}

/** The text that offsets of a result count in. @param {Case} one @returns {string} */
function textOf({ task, input }) {
  if (task === 'question-answering') return input.context;
  return typeof input === 'string' ? input : input.words.join(input.delimiter ?? ' ');
}

/** Offsets in code points, as Python counts, become those of JavaScript. @param {Case} one @returns {any[]} */
function inUtf16(one) {
  const characters = [...textOf(one)];
  const units = (/** @type {number} */ end) => characters.slice(0, end).join('').length;
  return one.result.map((/** @type {any} */ part) => ({ ...part, start: units(part.start), end: units(part.end) }));
}

/**
 * What a call with one input is to give: the shapes of transformers.js, Python's numbers.
 *
 * @type {Record<string, (one: Case) => any>}
 */
const EXPECTED = {
  'text-classification': ({ result }) => result,
  'zero-shot-classification': ({ result }) => result,
  'token-classification': inUtf16,
  'question-answering': (one) => ((one.options.top_k ?? 1) === 1 ? inUtf16(one)[0] : inUtf16(one)),
  'fill-mask': ({ result }) => (result.length === 1 ? result[0] : result),
  'feature-extraction': ({ result }) => [result],
  'multiple-choice': ({ result }) => result,
  'text-ranking': ({ result }) => result,
};

/**
 * Calls a task once for each input, and once for all that share options.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} model
 * @param {string} task
 * @param {Case[]} cases
 */
function run(page, model, task, cases) {
  return page.evaluate(async ({ model, task, cases }) => {
    const pipeline = await api.pipeline(task, model);
    /** @param {any} input @param {any} options */
    const call = (input, { candidate_labels, ...options }) =>
      (candidate_labels ? pipeline(input, candidate_labels, options) : pipeline(input, options));
    const plain = (/** @type {any} */ result) => (result instanceof api.Tensor ? result.tolist() : result);
    const alone = [];
    for (const { input, options } of cases) {
      const result = await call(input, options);
      alone.push({ result: plain(result), meta: result.meta });
    }
    const groups = Object.values(Object.groupBy(cases.map((one, place) => ({ ...one, place })), (one) => JSON.stringify(one.options)));
    const together = [];
    for (const group of groups) {
      const result = await call(group.map(({ input }) => input), group[0].options);
      together.push({ places: group.map(({ place }) => place), result: plain(result), inputs: result.meta.inputs });
    }
    await pipeline.dispose();
    return { alone, together, name: pipeline.task };
  }, { model, task, cases });
}

for (const folder of readdirSync(`${ROOT}tests/golden/tasks`)) {
  test(`${folder} gives Python’s results, one input at a time and together`, async (t) => {
    /** @type {{cases: Case[]}} */
    const { cases: all } = await readJson(`tests/golden/tasks/${folder}/expected.json`);
    const { page, problems } = await openBlank(browser, server);
    for (const task of new Set(all.map((one) => one.task))) {
      await t.test(task, async () => {
        const cases = all.filter((one) => one.task === task);
        const { alone, together, name } = await run(page, `/tests/golden/tasks/${folder}`, task, cases);
        assert.equal(name, task);
        for (const [place, one] of cases.entries()) {
          const { result, meta } = alone[place];
          assertClose(result, EXPECTED[task](one), `${JSON.stringify(one.options)} ${JSON.stringify(one.input).slice(0, 60)}`);
          assert.ok(meta.ms >= 0 && meta.variant === 'relaxed' && meta.inputs.length === 1);
        }
        for (const { places, result, inputs } of together) {
          assert.deepEqual(inputs, places.map((place) => alone[place].meta.inputs[0]));
          if (task === 'feature-extraction') {
            for (const [row, place] of places.entries()) assertPadded(result[row], alone[place].result[0]);
          } else {
            const { top_k = 1 } = cases[places[0]].options;
            const flat = task === 'text-classification' && top_k === 1;
            assert.deepEqual(result, places.map((place) => (flat ? alone[place].result[0] : alone[place].result)),
              'alone or in a batch: the same bits');
          }
        }
      });
    }
    assert.deepEqual(unexpected(problems), []);
    await page.context().close();
  });
}

/** @param {any[]} padded @param {any[]} vectors of tokens, or one vector */
function assertPadded(padded, vectors) {
  assert.deepEqual(padded.slice(0, vectors.length), vectors);
  assert.ok(padded.slice(vectors.length).flat().every((number) => number === 0), 'filled up with zeros');
}

test('spans are parts of the text as it is written', async () => {
  const { page } = await openBlank(browser, server);
  const text = 'Straße 🎉 Ünïted 👩‍👩‍👧 KINGDOM of 漢字';
  const { entities, answer } = await page.evaluate(async (text) => {
    const tag = await api.pipeline('ner', '/tests/golden/tasks/wordpiece-token');
    const ask = await api.pipeline('question-answering', '/tests/golden/tasks/wordpiece-qa');
    const found = { entities: await tag(text, { ignore_labels: [] }), answer: await ask('What?', text) };
    await Promise.all([tag.dispose(), ask.dispose()]);
    return found;
  }, text);
  assert.equal(answer.answer, text.slice(answer.start, answer.end));
  const words = entities.map((/** @type {any} */ { start, end }) => text.slice(start, end));
  assert.equal(words.join(''), text.replaceAll(/\s/g, ''), 'tokens cover the text');
  await page.context().close();
});

test('a long premise leaves the hypotheses whole', async () => {
  const { page } = await openBlank(browser, server);
  const { result, meta, limit } = await page.evaluate(async () => {
    const classify = await api.pipeline('zero-shot-classification', '/tests/golden/tasks/wordpiece-nli');
    const result = await classify('The dog runs in the rain again and again. '.repeat(40), ['sport', 'rain', '$& $1']);
    await classify.dispose();
    return { result, meta: result.meta, limit: classify.tokenizer.max_length };
  });
  assert.equal(new Set(result.scores).size, 3, 'labels do not score the same');
  assert.deepEqual([meta.inputs[0].truncated, meta.inputs[0].tokens], [true, 3 * limit]);
  await page.context().close();
});

test('a failed call leaves the pipeline as it was', async () => {
  const { page } = await openBlank(browser, server);
  const codes = await page.evaluate(async () => {
    const ask = await api.pipeline('question-answering', '/tests/golden/tasks/wordpiece-qa');
    const code = (/** @type {Promise<unknown>} */ call) => call.then(() => 'fine', (error) => error.code);
    const codes = [
      await code(ask('Who?', 'The fox.', { max_seq_len: 100_000 })), await code(ask('Who?')), await code(ask('Who?', ' \n ')),
      await code(ask('Who?', 'The fox. '.repeat(30), { doc_stride: 0 })),
    ];
    await ask.dispose();
    return [...codes, await code(api.pipeline('fill-mask', '/tests/golden/tasks/wordpiece-qa'))];
  });
  assert.deepEqual(codes, ['option', 'input', 'input', 'fine', 'missing-head']);
  await page.context().close();
});

test('a head that was trained for another task is used with a warning', async () => {
  const { page } = await openBlank(browser, server);
  /** @type {string[]} */
  const warnings = [];
  page.on('console', (message) => warnings.push(message.text()));
  const heads = await page.evaluate(async () => {
    /** @type {any[]} */
    const heads = [];
    for (const task of ['text-classification', 'ner', 'embeddings']) {
      const run = await api.pipeline(task, '/tests/golden/tasks/wordpiece-nli');
      heads.push([run.model.head.kind, run.model.head.stated]);
      await run.dispose();
    }
    return heads;
  });
  assert.deepEqual(heads, [['sequence', 'sequence'], ['token', 'sequence'], ['base', 'sequence']]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /BertForSequenceClassification.*another task/);
  await page.context().close();
});

test('tokenizers give Python’s ids, token types and truncation', async () => {
  for (const name of readdirSync(`${ROOT}tests/golden/tokenizers`)) {
    const { cases } = await readJson(`tests/golden/tokenizers/${name}/expected.json`);
    const { page, problems } = await openBlank(browser, server);
    const seen = await page.evaluate(async ({ name, cases }) => {
      const tokenizer = await api.AutoTokenizer.from_pretrained(`/tests/golden/tokenizers/${name}`);
      const lists = (/** @type {any} */ encoding) => ({ ids: encoding.input_ids, type_ids: encoding.token_type_ids });
      const encodings = [];
      for (const { text, text_pair, max_length } of cases) {
        const options = { text_pair, max_length, truncation: max_length !== undefined, return_token_type_ids: true };
        encodings.push(lists(await tokenizer(text, { ...options, return_tensor: false })));
      }
      const texts = cases.filter((one) => one.max_length === undefined && one.text_pair === undefined).map(({ text }) => text);
      const { input_ids, attention_mask } = await tokenizer(texts, { padding: true });
      const bare = await tokenizer(texts, { add_special_tokens: false, return_tensor: false });
      const cut = await tokenizer(texts, { add_special_tokens: false, truncation: true, max_length: 4, return_tensor: false });
      const text = 'quick brown fox.';
      const decoded = await tokenizer.decode((await tokenizer(text)).input_ids.tolist()[0], { skip_special_tokens: true });
      const { pad_token_id, padding_side, sep_token, sep_token_id, model_max_length } = tokenizer;
      const byHand = (await tokenizer(`a${sep_token}`)).input_ids.tolist()[0].map(Number);
      await tokenizer.dispose();
      const ids = input_ids.tolist().map((/** @type {bigint[]} */ row) => row.map(Number));
      const mask = attention_mask.tolist().map((/** @type {bigint[]} */ row) => row.map(Number));
      return { encodings, texts, ids, mask, bare: bare.input_ids, cut: cut.input_ids, pad_token_id, padding_side, byHand, sep_token_id, model_max_length, text, decoded };
    }, { name, cases });
    cases.forEach((/** @type {any} */ { ids, type_ids, text, text_pair, max_length }, /** @type {number} */ place) => {
      assert.deepEqual(seen.encodings[place], { ids, type_ids }, `${name}: ${JSON.stringify({ text, text_pair, max_length })}`);
    });
    for (const [row, text] of seen.texts.entries()) {
      const { ids } = cases.find((/** @type {any} */ one) => one.text === text && one.text_pair === undefined && one.max_length === undefined);
      const padding = seen.ids[row].length - ids.length;
      const pad = (/** @type {number[]} */ numbers, /** @type {number} */ filling) => (seen.padding_side === 'left'
        ? [...Array(padding).fill(filling), ...numbers] : [...numbers, ...Array(padding).fill(filling)]);
      assert.equal(seen.padding_side, name === 'xlnet' ? 'left' : 'right');
      assert.deepEqual(seen.ids[row], pad(ids, seen.pad_token_id));
      assert.deepEqual(seen.mask[row], pad(ids.map(() => 1), 0));
      const bare = name === 'xlnet' ? ids.slice(0, -2) : ids.slice(1, -1);
      assert.deepEqual(seen.bare[row], bare, 'without one special token at each end, or both at the end');
      assert.deepEqual(seen.cut[row], bare.slice(0, 4));
    }
    const separators = seen.byHand.filter((/** @type {number} */ id) => id === seen.sep_token_id);
    assert.equal(separators.length, 2, 'one in the text, and one after it');
    assert.equal(seen.model_max_length, 64);
    assert.equal(seen.decoded.replace(' .', '.'), seen.text);
    assert.deepEqual(unexpected(problems), []);
    await page.context().close();
  }
});

test('token types are given on request, whether the model reads them or not', async () => {
  const { page } = await openBlank(browser, server);
  const [stated, requested] = await page.evaluate(async () => {
    // A DeBERTa, which has none.
    const tokenizer = await api.AutoTokenizer.from_pretrained('/tests/golden/tasks/unigram-nli');
    const encodings = [{}, { return_token_type_ids: true }].map((options) =>
      tokenizer('the dog', { text_pair: 'the fox', return_tensor: false, ...options }));
    return (await Promise.all(encodings)).map((encoding) => encoding.token_type_ids);
  });
  assert.equal(stated, undefined);
  const second = requested.indexOf(1);
  assert.ok(second > 0 && requested.slice(second).every((/** @type {number} */ type) => type === 1), `${requested}`);
  await page.context().close();
});

test('a bare encoder has no head: an error that names it, or on request a new one', async () => {
  const { page } = await openBlank(browser, server);
  const seen = await page.evaluate(async () => {
    const bare = '/tests/golden/hub/bare-bert';
    const { input_ids } = await (await api.AutoTokenizer.from_pretrained(bare))('The quick brown fox.');
    const refused = await caught(() => api.AutoModelForTokenClassification.from_pretrained(bare));
    const classify = await api.AutoModelForTokenClassification.from_pretrained(bare, { new_head: { labels: ['a', 'b'] } });
    const encode = await api.AutoModel.from_pretrained(bare);
    const { hidden_size } = await api.AutoConfig.from_pretrained(bare);
    return {
      refused, hidden_size, length: input_ids.size, drawn: classify.model.head.new, config: encode.config.hidden_size,
      logits: (await classify({ input_ids })).logits.dims, hidden: (await encode({ input_ids })).last_hidden_state.dims,
    };
  });
  assert.equal(seen.refused.code, 'missing-head');
  assert.match(seen.refused.message, /classifier\.weight/);
  assert.deepEqual(seen.drawn, ['classifier.weight', 'classifier.bias']);
  assert.equal(seen.config, seen.hidden_size);
  assert.deepEqual([seen.logits, seen.hidden], [[1, seen.length, 2], [1, seen.length, seen.hidden_size]]);
  await page.context().close();
});

/**
 * The tensors of a file of F32, as `{dims, data}`.
 *
 * @param {string} file
 * @returns {Record<string, {dims: number[], data: Float32Array}>}
 */
function readTensors(file) {
  const { header: { __metadata__, ...tensors }, data } = readSafetensors(ROOT + file);
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape, data_offsets: [from, to] }]) =>
    [name, { dims: shape, data: new Float32Array(new Uint8Array(data.subarray(from, to)).buffer) }]));
}

/** The folders of heads, with the classes that load them. */
const CLASSES = {
  base: 'AutoModel', sequence: 'AutoModelForSequenceClassification', token: 'AutoModelForTokenClassification',
  qa: 'AutoModelForQuestionAnswering', 'multiple-choice': 'AutoModelForMultipleChoice', 'masked-lm': 'AutoModelForMaskedLM',
};

test('models give Python’s raw outputs, hidden states and attentions for padded rows', async (t) => {
  const { page, problems } = await openBlank(browser, server);
  for (const [model, head] of ['bert', 'bart', 'deberta-v2'].flatMap((model) => Object.keys(CLASSES).map((head) => [model, head]))) {
    const folder = `tests/golden/${model}/${head}`;
    if (!readdirSync(`${ROOT}tests/golden/${model}`).includes(head)) continue;
    await t.test(`${model}, ${head}`, async () => {
      const { inputs } = await readJson(`${folder}/inputs.json`);
      const expected = readTensors(`${folder}/expected.safetensors`);
      const outputs = await page.evaluate(async ({ folder, inputs, className, options }) => {
        const model = await api[className].from_pretrained(`/${folder}`);
        const outputs = await model(inputs, options);
        const plain = (/** @type {any} */ { dims, data }) => ({ dims, data: [...data] });
        const all = Object.entries(outputs).map(([name, output]) => [name, Array.isArray(output) ? output.map(plain) : plain(output)]);
        await model.dispose();
        return Object.fromEntries(all);
      }, {
        folder, inputs, className: CLASSES[/** @type {keyof CLASSES} */ (head)],
        options: head === 'base' ? { output_hidden_states: true, output_attentions: true } : {},
      });
      assert.deepEqual(Object.keys(outputs).filter((name) => Object.hasOwn(expected, name)).sort(), Object.keys(expected).sort());
      for (const [name, { dims, data }] of Object.entries(expected)) {
        const layers = Array.isArray(outputs[name]) ? outputs[name] : undefined;
        assert.deepEqual(layers ? [layers.length, ...layers[0].dims] : outputs[name].dims, dims, name);
        const numbers = layers ? layers.flatMap((/** @type {any} */ layer) => layer.data) : outputs[name].data;
        const ofRows = head === 'sequence' || head === 'multiple-choice';
        const isReal = ofRows ? () => true : maskOf(inputs, dims, name);
        let worst = 0;
        data.forEach((number, place) => {
          worst = Math.max(worst, Math.abs(numbers[place] - (isReal(place) ? number : 0)));
        });
        assert.ok(worst <= 2e-5, `${name} differs by ${worst}`);
      }
    });
  }
  assert.deepEqual(unexpected(problems), []);
});

/**
 * Whether a number of an output belongs to tokens that are not padding, where Python's numbers mean nothing.
 *
 * @param {any} inputs
 * @param {number[]} dims
 * @param {string} name
 * @returns {(place: number) => boolean}
 */
function maskOf({ attention_mask, input_ids }, dims, name) {
  const mask = attention_mask?.flat() ?? input_ids.flat().map(() => 1);
  const length = input_ids[0].length;
  if (!name.endsWith('attentions')) {
    const width = name.endsWith('_logits') ? 1 : Number(dims.at(-1));
    return (place) => mask[Math.floor(place / width) % mask.length] === 1;
  }
  const heads = Number(dims.at(-3));
  return (place) => {
    const row = Math.floor(place / (length * length * heads)) % input_ids.length;
    const [query, key] = [Math.floor(place / length) % length, place % length];
    return mask[row * length + query] === 1 && mask[row * length + key] === 1;
  };
}
