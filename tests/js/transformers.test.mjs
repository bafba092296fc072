/**
 * Code for transformers.js on `headwise/transformers`: published snippets (`snippets.md`) with the import alone changed, and
 * what else the entry has of its own. The engine is the real one, in this thread; the Hub is the models of `tests/golden/`.
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as headwise from '../../www/lib/node.js';
import * as transformers from '../../www/lib/transformers-node.js';
import { failure } from './support.mjs';

const { AutoConfig, AutoModel, AutoModelForTokenClassification, AutoTokenizer, env, pipeline, Tensor } = transformers;

/** Which folder of `tests/golden/` is served under an id. */
const MODELS = {
  'distilbert/distilbert-base-uncased-finetuned-sst-2-english': 'hub/tiny-distilbert',
  'nlptown/bert-base-multilingual-uncased-sentiment': 'hub/tiny-bert',
  'unitary/toxic-bert': 'hub/tiny-distilbert',
  'cross-encoder/nli-deberta-v3-xsmall': 'tasks/wordpiece-nli',
  'dslim/bert-base-NER': 'tasks/wordpiece-token',
  'distilbert/distilbert-base-uncased-distilled-squad': 'tasks/wordpiece-qa',
  'google-bert/bert-base-cased': 'tasks/wordpiece-masked-lm',
  'sentence-transformers/all-MiniLM-L6-v2': 'sentences/published/all-MiniLM-L6-v2',
  'mixedbread-ai/mxbai-embed-large-v1': 'sentences/published/bge-small-en-v1.5',
  'nomic-ai/nomic-embed-text-v1.5': 'sentences/published/gte-small',
  'Qwen/Qwen3-Embedding-0.6B': 'sentences/published/e5-small-v2',
  'BAAI/bge-reranker-base': 'tasks/wordpiece-ranking',
  'tiny/bpe': 'tasks/bpe-masked-lm',
  'tiny/unigram': 'tasks/unigram-masked-lm',
};
const NLPTOWN = 'nlptown/bert-base-multilingual-uncased-sentiment';

/** What was asked of hosts that have files. */
const asked = [];

/** Answers as the Hub and a mirror do; `models.test` is an application with a folder of models, and a page at any other address. */
async function hub(url) {
  asked.push(`${url}`);
  const [, id, file] = /^https:\/\/(?:huggingface\.co|mirror\.test)\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(url)
    ?? /^https:\/\/models\.test\/([^/]+\/[^/]+)\/(.+)$/.exec(url) ?? [];
  if (id === 'onnx-community/a-model' && file === 'README.md') return new Response('---\nbase_model:\n- them/a-model\n---\n');
  const bytes = MODELS[id] && await readFile(new URL(`../golden/${MODELS[id]}/${file}`, import.meta.url)).catch(() => undefined);
  if (!bytes && `${url}`.startsWith('https://models.test/')) return new Response('<!doctype html>');
  return bytes ? new Response(bytes) : new Response('none', { status: 404 });
}

env.fetch = hub;
env.allowLocalModels = false;
console.warn = () => {};

/** Settings as they were before the test. */
function restored(t) {
  const before = { ...env };
  t.after(() => Object.assign(env, before));
  return env;
}

/** A call of the package itself. */
async function plain(task, model, ...args) {
  const pipe = await headwise.pipeline(task, model, { fetch: hub, worker: false });
  const result = await pipe(...args);
  await pipe.dispose();
  return result;
}

/** The same numbers, a few roundings aside. */
function assertClose(actual, expected) {
  assert.equal(actual.length, expected.length);
  for (const [place, number] of expected.entries()) assert.ok(Math.abs(actual[place] - number) < 1e-5, `${place}: ${actual[place]} is not ${number}`);
}

/** What the variables of each snippet hold after it has run. */
const OUTCOMES = {
  'Quick tour': async ({ out }) => {
    assert.deepEqual(out, await plain('text-classification', 'distilbert/distilbert-base-uncased-finetuned-sst-2-english', 'I love transformers!'));
  },
  'WebGPU and 4 bits': ({ output, pipe }) => {
    assert.deepEqual(output.map((one) => Object.keys(one)), [['label', 'score'], ['label', 'score']]);
    assert.equal(pipe.model.dtype, 'q8');
  },
  'Multilingual sentiment': async ({ output }) => {
    assert.deepEqual(output, await plain('text-classification', NLPTOWN, 'Le meilleur film de tous les temps.', { top_k: 5 }));
    assert.equal(output.length, 3);
  },
  'Toxic comments': ({ output }) => assert.deepEqual(output.map(({ label }) => label).sort(), ['insult', 'threat', 'toxic']),
  'Zero-shot': async ({ output, text, labels }) => {
    assert.deepEqual(output, await plain('zero-shot-classification', 'cross-encoder/nli-deberta-v3-xsmall', text, labels, { multi_label: true }));
    assert.deepEqual([output.sequence, output.labels.length, output.scores.length], [text, 5, 5]);
  },
  'Named entities': ({ output }) => {
    assert.ok(output.length > 5);
    for (const name of ['entity', 'score', 'index', 'word']) assert.ok(name in output[0], name);
  },
  'Question answering': ({ output, context }) => {
    assert.ok(context.includes(output.answer) && output.score > 0);
  },
  'Fill mask': ({ output }) => {
    const [{ sequence, token_str, token, score }] = output;
    assert.ok(output.length === 1 && sequence.includes(token_str) && Number.isInteger(token) && score > 0);
  },
  'Embeddings and bits': async ({ raw, pooled, bits, list }) => {
    const model = 'sentence-transformers/all-MiniLM-L6-v2';
    const own = await plain('feature-extraction', model, 'This is a simple test.', { pooling: 'none' });
    assert.deepEqual([raw.type, raw.dims, raw.data], ['float32', [...own.dims], own.data]);
    assert.deepEqual([pooled.dims, list.length, list[0].length], [[2, 16], 2, 16]);
    assertClose(list[0], (await plain('feature-extraction', model, 'This is a simple test.')).tolist()[0]);
    assert.deepEqual([bits.type, bits.dims, bits.data.constructor], ['int8', [1, 2], Int8Array]);
  },
  Similarity: ({ similarities }) => {
    assert.equal(similarities.length, 4);
    for (const one of similarities) assert.ok(Math.abs(one) <= 1.00001);
  },
  'Shorter embeddings': ({ embeddings, list }) => {
    assert.deepEqual(embeddings.dims, [2, 8]);
    assertClose(list.map((row) => Math.hypot(...row)), [1, 1]);
  },
  'Last token': ({ scores, list, output }) => {
    assert.deepEqual(scores.dims, [2, 2]);
    assertClose([list[0][1]], [transformers.dot(output[0].data, output[3].data)]);
  },
  Rerank: async ({ results, query, documents }) => {
    const ranked = await plain('text-ranking', 'BAAI/bge-reranker-base', query, documents, { activation_fn: 'sigmoid', return_documents: true, top_k: 2 });
    assert.deepEqual(results.map(({ corpus_id, text }) => [corpus_id, text]), ranked.map(({ corpus_id, text }) => [corpus_id, text]));
    assertClose(results.map(({ score }) => score), ranked.map(({ score }) => score));
  },
  'Models by themselves': async ({ vectors, similarity, shape, inputs }) => {
    const own = await plain('feature-extraction', 'sentence-transformers/all-MiniLM-L6-v2', ['A man eats.', 'Someone is eating food.'],
      { pooling: 'mean', normalize: true });
    assertClose(vectors.data, own.data);
    assert.ok(Math.abs(similarity) <= 1.00001);
    assert.deepEqual(shape, [[inputs.input_ids.dims[1], 16], [2, 16]]);
  },
  'Classes by name': async ({ scores, label, text }) => {
    const [best] = await plain('text-classification', NLPTOWN, 'I love transformers!');
    assert.equal(label, best.label);
    assertClose([Math.max(...scores)], [best.score]);
    assert.match(text, /^i love/);
  },
  'A worker of an application': ({ output, messages, classifier, again }) => {
    assert.deepEqual(Object.keys(output[0]), ['label', 'score']);
    for (const status of ['initiate', 'progress', 'done', 'ready']) assert.ok(messages.includes(status), status);
    assert.equal(classifier, again);
  },
};

const page = await readFile(new URL('snippets.md', import.meta.url), 'utf8');
const snippets = [...page.matchAll(/^## (.+)\n```js\n([^]+?)^```$/gm)].map(([, title, code]) => ({ title, code }));

test('each snippet has its outcome', () => {
  assert.ok(snippets.length >= 12);
  assert.deepEqual(snippets.map(({ title }) => title), Object.keys(OUTCOMES));
});

for (const { title, code } of snippets) {
  test(`snippet: ${title}`, async (t) => {
    restored(t);
    const imported = code.replace(/'@(huggingface|xenova)\/transformers'/, JSON.stringify(import.meta.resolve('headwise/transformers')));
    assert.notEqual(imported, code);
    const names = [...code.matchAll(/^(?:const|let) (?:(\w+) =|[{[ ]*([\w, ]+?)[\]} ]* =)/gm)].flatMap(([, one, several]) => one ?? several.split(/, */));
    const module = `${imported}\nexport { ${names.join(', ')} };`;
    const variables = await import(`data:text/javascript,${encodeURIComponent(module)}`);
    await OUTCOMES[title](variables);
    for (const value of Object.values(variables)) await value?.dispose?.();
  });
}

test('a setting says where models are', async (t) => {
  const set = restored(t);
  const load = async (id = NLPTOWN) => (await AutoConfig.from_pretrained(id)).model_type;
  set.allowLocalModels = true;
  set.localModelPath = 'https://models.test';
  asked.length = 0;
  assert.equal(await load(), 'bert');
  assert.deepEqual(asked.map((url) => new URL(url).host), ['models.test'], 'the folder comes first');
  assert.equal((await failure(load('acme/none'))).code, 'not-found');
  assert.ok(asked.some((url) => url.startsWith('https://huggingface.co/')), 'then the Hub');
  set.allowRemoteModels = false;
  asked.length = 0;
  const { code, details } = await failure(load('acme/none'));
  assert.deepEqual([code, details.url], ['content', 'https://models.test/acme/none/config.json'], 'of the folder');
  assert.ok(asked.every((url) => url.startsWith('https://models.test/')), 'nothing remote');
  set.allowLocalModels = false;
  assert.equal((await failure(load())).code, 'option');
  Object.assign(set, { allowRemoteModels: true, remoteHost: 'https://mirror.test', remotePathTemplate: '/{model}/resolve/{revision}' });
  asked.length = 0;
  assert.equal(await load(), 'bert');
  assert.deepEqual(asked, [`https://mirror.test/${NLPTOWN}/resolve/main/config.json`]);
  set.anything = 1;
  assert.equal(set.version, JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')).version);
});

test('what does not apply is said once', async (t) => {
  const set = restored(t);
  const warn = t.mock.method(console, 'warn', () => {});
  set.backends.onnx.wasm.wasmPaths = 'https://cdn.test/';
  set.backends.onnx.wasm.numThreads = 4;
  set.useCustomCache = true;
  const options = {
    dtype: { model: 'int8', other: 'fp16' }, device: { model: 'cuda' }, subfolder: 'weights', model_file_name: 'model_int8',
    session_options: {}, use_external_data_format: true, cache_dir: null, config: null,
  };
  for (const expected of [7, 0]) {
    warn.mock.resetCalls();
    await AutoConfig.from_pretrained(NLPTOWN, options);
    const said = warn.mock.calls.map(({ arguments: [message] }) => message);
    assert.equal(said.length, expected, said.join('\n'));
  }
  set.backends.onnx.wasm = {};
  assert.equal((await failure(AutoConfig.from_pretrained(NLPTOWN, { dtype: 'q3' }))).code, 'option');
  warn.mock.resetCalls();
  await AutoConfig.from_pretrained(NLPTOWN, { dtypes: 'q8', revision: 'main' });
  const pipe = await pipeline('sentiment-analysis', NLPTOWN);
  t.after(() => pipe.dispose());
  assert.equal((await pipe('a', { top_k: 2, return_tensors: true, whatever: 1 })).length, 2);
  await pipe.tokenizer('a', { return_tensors: 'pt', padding: true });
  assert.deepEqual(warn.mock.calls.map(({ arguments: [message] }) => /“(\w+)”/.exec(message)[1]), ['dtypes', 'return_tensors', 'whatever', 'return_tensors']);
  assert.equal((await failure(pipe('a', { top_k: 'two' }))).code, 'option');
});

test('a conversion to ONNX without a known original names what its card names', async () => {
  const { code, message, details } = await failure(pipeline('ner', 'onnx-community/a-model'));
  assert.deepEqual([code, details.original], ['not-found', 'them/a-model']);
  assert.match(message, /conversion to ONNX.* them\/a-model: load that/);
  assert.match((await failure(pipeline('ner', 'Xenova/another-model'))).message, /models\?search=another-model/);
});

test('a promise in place of its value is taken by models and named elsewhere', async (t) => {
  const tokenizer = await AutoTokenizer.from_pretrained(NLPTOWN);
  const model = await AutoModelForTokenClassification.from_pretrained('dslim/bert-base-NER');
  t.after(() => Promise.all([tokenizer.dispose(), model.dispose()]));
  const inputs = tokenizer('I love it');
  const { logits } = await model(inputs);
  assert.deepEqual((await model({ input_ids: inputs.then(({ input_ids }) => input_ids) })).logits.dims, logits.dims);
  for (const use of [() => inputs.input_ids, () => ({ ...inputs }), () => tokenizer.encode('a').length, () => tokenizer.decode([1]).slice(1)]) {
    assert.throws(use, { name: 'HeadwiseError', message: /Write: await tokenizer/ });
  }
  assert.equal((await tokenizer.decode(tokenizer.encode('love'))).replaceAll(' ', ''), '[CLS]love[SEP]');
  const { input_ids } = await inputs;
  const positions = (from) => new Tensor('int64', Array.from({ length: input_ids.size }, (_, place) => BigInt(place + from)), input_ids.dims);
  await model({ input_ids, position_ids: positions(0) });
  assert.equal((await failure(model({ input_ids, position_ids: positions(1) }))).code, 'input');
});

test('a tokenizer has a vocabulary', async (t) => {
  for (const id of ['google-bert/bert-base-cased', 'unitary/toxic-bert', 'tiny/bpe', 'tiny/unigram']) {
    const tokenizer = await AutoTokenizer.from_pretrained(id);
    t.after(() => tokenizer.dispose());
    const vocabulary = await tokenizer.get_vocab();
    assert.equal(vocabulary.get(tokenizer.mask_token), tokenizer.mask_token_id);
    const ids = await tokenizer.encode('Love, it', { add_special_tokens: false });
    const tokens = await tokenizer.tokenize('Love, it');
    assert.deepEqual([await tokenizer.convert_tokens_to_ids(tokens), await tokenizer.model.convert_ids_to_tokens(ids)], [ids, tokens]);
    assert.deepEqual(tokens.map((token) => vocabulary.get(token)), ids);
    assert.equal(await tokenizer.convert_tokens_to_ids('no such token'), tokenizer.unk_token_id);
    assert.deepEqual(await tokenizer.convert_ids_to_tokens(new Tensor('int64', ids.map(BigInt))), tokens);
    assert.equal((await tokenizer.tokenize('a', { add_special_tokens: true }))[0], tokenizer.cls_token);
    assert.ok(tokenizer.all_special_ids.includes(tokenizer.pad_token_id));
  }
});

test('the configuration of a pipeline can be changed, and its parts called', async (t) => {
  const pipe = await pipeline('text-classification', 'unitary/toxic-bert');
  t.after(() => pipe.dispose());
  const scores = async () => (await pipe('You!', { top_k: null })).map(({ score }) => score);
  const before = await scores();
  const { logits } = await pipe.model(pipe.tokenizer('You!'));
  pipe.model.config.problem_type = 'single_label_classification';
  assertClose(await scores(), transformers.softmax(Array.from(logits.data)).sort((a, b) => b - a));
  pipe.model.config.problem_type = 'multi_label_classification';
  assertClose(await scores(), Array.from(logits.sigmoid().data).sort((a, b) => b - a));
  pipe.model.config.id2label = { 0: 'A', 1: 'B', 2: 'C' };
  const labels = async (options) => (await pipe('You!', options)).map(({ label }) => label);
  assert.deepEqual((await labels({ return_all_scores: true })).sort(), ['A', 'B', 'C']);
  assert.deepEqual([(await labels({ topk: 0 })).length, (await labels({ topk: 2 })).length, before.length], [3, 2, 3]);
  assert.ok(pipe instanceof transformers.TextClassificationPipeline && !(pipe instanceof transformers.FillMaskPipeline));
  assert.deepEqual(await pipe._call('You!'), await pipe('You!'));
  const tag = await pipeline('ner', 'dslim/bert-base-NER');
  t.after(() => tag.dispose());
  const ignore_labels = [];
  assert.deepEqual(await tag('Ada met Bob', { grouped_entities: true, ignore_labels }),
    await tag('Ada met Bob', { aggregation_strategy: 'simple', ignore_labels }));
  const embed = await pipeline('embeddings', 'Xenova/all-MiniLM-L6-v2');
  t.after(() => embed.dispose());
  const vectors = async (options) => (await embed('A man eats food.', options)).data;
  assert.deepEqual(await vectors({ pooling: 'eos', quantize: false }), await vectors({ pooling: 'last_token' }));
  assert.notDeepEqual(await vectors({ pooling: 'mean', padding: true, max_length: 3 }), await vectors({ pooling: 'mean' }));
});

test('names of what is not here can be imported and extended, and refuse to be used', async () => {
  const { StoppingCriteria, RawImage, read_audio, TextStreamer, WhisperForConditionalGeneration, AutoModelForCausalLM } = transformers;
  class Mine extends StoppingCriteria {}
  const uses = [() => new Mine(), () => RawImage.read('a.png'), () => read_audio('a.wav', 16000), () => new TextStreamer(),
    () => WhisperForConditionalGeneration.from_pretrained('a'), () => AutoModelForCausalLM.from_pretrained('a')];
  for (const use of uses) assert.throws(use, { name: 'HeadwiseError', code: 'task', message: /^Headwise classifies text/ }, `${use}`);
  assert.equal(await RawImage, RawImage, 'it is no promise');
  assert.equal((await failure(pipeline('text-generation', 'a/b'))).code, 'task');
  assert.throws(() => new transformers.TextClassificationPipeline({}), { code: 'option' });
  const names = Object.keys(transformers).filter((name) => transformers[name] === undefined);
  assert.deepEqual(names, []);
  assert.equal(transformers.NomicBertModel, AutoModel);
  assert.equal(transformers.XLMRobertaTokenizer, AutoTokenizer);
  assert.equal(transformers.DebertaV2PreTrainedModel, transformers.PreTrainedModel);
  for (const name of Object.keys(headwise)) assert.ok(name in transformers, name);
});
