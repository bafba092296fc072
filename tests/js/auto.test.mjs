/** Tokenizers, models and configurations by themselves, over the fake engine. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faceOn } from '../../www/lib/face.js';
import { Tensor } from '../../www/lib/tensor.js';
import { failure, fakeGlue, hostOf, modelFiles, startServer } from './support.mjs';

/** The classes, and a model on a server that tells what was fetched of it. */
async function setUp(t) {
  const { state, init, glue } = fakeGlue();
  const seen = [];
  const served = Object.entries(modelFiles('/m')).map(([path, body]) => [path, (_, response) => {
    seen.push(path.slice('/m/'.length));
    response.end(body);
  }]);
  const origin = await startServer(t, Object.fromEntries(served));
  const classes = faceOn(hostOf(init, glue));
  const load = async (name) => {
    const loaded = await classes[name].from_pretrained(`${origin}/m`, { worker: false });
    t.after(() => loaded.dispose?.());
    return loaded;
  };
  return { classes, load, state, seen };
}

test('a configuration is what its file says, and nothing else is fetched', async (t) => {
  const { load, seen } = await setUp(t);
  const config = await load('AutoConfig');
  assert.deepEqual(config, { labels: ['good', 'bad', 'ugly'] });
  assert.ok(Object.isFrozen(config.labels));
  assert.deepEqual(seen, ['config.json']);
});

test('a tokenizer gives tensors or arrays, padded on request', async (t) => {
  const { load, state, seen } = await setUp(t);
  const tokenizer = await load('AutoTokenizer');
  assert.deepEqual(seen.sort(), ['config.json', 'tokenizer.json'], 'no weights');
  assert.deepEqual([tokenizer.model_max_length, tokenizer.pad_token, tokenizer.pad_token_id, tokenizer.mask_token],
    [8, '[PAD]', 0, null]);

  const one = await tokenizer('ab');
  assert.ok(one.input_ids instanceof Tensor && one.input_ids.data instanceof BigInt64Array);
  assert.deepEqual([one.input_ids.type, one.input_ids.dims], ['int64', [1, 4]]);
  assert.deepEqual(one.input_ids.tolist(), [[1n, 97n, 98n, 2n]]);
  assert.deepEqual(one.token_type_ids.tolist(), [[0n, 0n, 0n, 1n]]);
  assert.deepEqual(state.asked.at(-1), { inputs: [{ text: 'ab' }], options: { truncation: false } });

  const padded = await tokenizer(['ab', 'c'], { padding: true, return_tensor: false, return_token_type_ids: false });
  assert.deepEqual(padded, { input_ids: [[1, 97, 98, 2], [1, 99, 2, 0]], attention_mask: [[1, 1, 1, 1], [1, 1, 1, 0]] });
  const lengths = async (options) => (await tokenizer(['ab', 'c'], { return_tensor: false, ...options })).attention_mask.map((row) => row.length);
  assert.deepEqual(await lengths({}), [4, 3]);
  assert.deepEqual(await lengths({ padding: 'max_length' }), [8, 8]);
  assert.deepEqual(await lengths({ padding: 'max_length', max_length: 5 }), [5, 5]);
  assert.deepEqual(await lengths({ padding: 'max_length', max_length: 3 }), [4, 3], 'what is longer stays, as in Python');

  await tokenizer(['a', 'b'], { text_pair: ['c', 'd'], truncation: true, max_length: 3, add_special_tokens: false });
  assert.deepEqual(state.asked.at(-1), {
    inputs: [{ text: 'a', text_pair: 'c' }, { text: 'b', text_pair: 'd' }],
    options: { truncation: 'longest_first', max_length: 3, add_special_tokens: false },
  });

  const cuts = async (options) => {
    await tokenizer('abc', options);
    return state.asked.at(-1).options.truncation;
  };
  assert.equal(await cuts({ max_length: 4 }), 'longest_first', 'as in Python, a length alone cuts');
  assert.deepEqual([await cuts({ max_length: 4, padding: true }), await cuts({ max_length: 4, truncation: false })], [false, false]);

  await tokenizer('a', { text_pair: '' });
  assert.deepEqual(state.asked.at(-1).inputs, [{ text: 'a' }]);
  await tokenizer(['a'], { text_pair: [''] });
  assert.deepEqual(state.asked.at(-1).inputs, [{ text: 'a', text_pair: '' }]);

  const refused = [['ab', { padding: 'left' }], ['ab', { maxLength: 3 }], ['ab', { truncation: 'do_it' }]];
  for (const [text, options] of refused) assert.equal((await failure(tokenizer(text, options))).code, 'option');
  const wrong = [[7], [['ab', 7]], ['ab', { text_pair: ['c'] }], [['a', 'b'], { text_pair: ['c'] }], [['ab', 'c']]];
  for (const args of wrong) assert.equal((await failure(tokenizer(...args))).code, 'input', JSON.stringify(args));
});

test('one text is flat and several are nested, as in Python', async (t) => {
  const { load } = await setUp(t);
  const tokenizer = await load('AutoTokenizer');
  const ids = async (text, options) => (await tokenizer(text, { return_tensor: false, ...options })).input_ids;
  assert.deepEqual(await tokenizer('ab', { return_tensor: false }),
    { input_ids: [1, 97, 98, 2], attention_mask: [1, 1, 1, 1], token_type_ids: [0, 0, 0, 1] });
  assert.deepEqual(await ids(['ab']), [[1, 97, 98, 2]]);
  assert.deepEqual(await ids('a', { text_pair: 'b' }), [1, 97, 98, 2]);
  assert.deepEqual(await ids(['a'], { text_pair: ['b'] }), [[1, 97, 98, 2]]);
  assert.deepEqual(await ids('a', { padding: 'max_length', max_length: 4 }), [1, 97, 2, 0]);
  assert.deepEqual(await ids('', { padding: true }), [1, 2]);
  assert.deepEqual(await ids([]), []);
  assert.deepEqual((await tokenizer('ab')).input_ids.dims, [1, 4], 'a tensor has rows');
});

test('a panic of a tokenizer ends its call, and it is loaded again', async (t) => {
  const { load } = await setUp(t);
  const tokenizer = await load('AutoTokenizer');
  const [{ code }, { input_ids }] = await Promise.all([failure(tokenizer('panic')), tokenizer('ab')]);
  assert.deepEqual([code, input_ids.dims], ['tokenizer', [1, 4]]);
});

test('a model by itself asks for no tokenizer', async (t) => {
  const { load, seen } = await setUp(t);
  const names = ['AutoModel', 'AutoModelForSequenceClassification', 'AutoModelForMaskedLM'];
  for (const name of names) {
    await load(name);
    assert.deepEqual(seen.splice(0).sort(), ['config.json', 'model.safetensors'], name);
  }
});

test('ids become texts again', async (t) => {
  const { load } = await setUp(t);
  const tokenizer = await load('AutoTokenizer');
  const { input_ids } = await tokenizer(['ab', 'cd']);
  assert.deepEqual(await tokenizer.batch_decode(input_ids), ['\u0001ab\u0002', '\u0001cd\u0002']);
  assert.deepEqual(await tokenizer.batch_decode(input_ids, { skip_special_tokens: true }), ['ab', 'cd']);
  assert.equal(await tokenizer.decode([97, 98n]), 'ab');
  assert.equal(await tokenizer.decode(new Tensor('int64', BigInt64Array.of(97n), [1])), 'a');
  assert.equal(await tokenizer.decode(97), 'a');
  assert.equal(await tokenizer.decode([]), '');
  assert.deepEqual(await tokenizer.decode([[97, 98], [99]]), ['ab', 'c']);
  assert.deepEqual(await tokenizer.decode([[]]), ['']);
  assert.deepEqual(await tokenizer.decode((await tokenizer('ab')).input_ids, { skip_special_tokens: true }), ['ab']);
  assert.deepEqual(await tokenizer.batch_decode([97, 98]), ['ab']);
  assert.deepEqual(await tokenizer.batch_decode([]), []);
  for (const ids of ['ab', [-1], [0.5], ['a'], [2 ** 32], [[97], 98]]) assert.equal((await failure(tokenizer.decode(ids))).code, 'input');
  assert.equal((await failure(tokenizer.decode([97], { skip: true }))).code, 'option');
});

test('a vocabulary is its tokens with their ids', async (t) => {
  const { load } = await setUp(t);
  assert.deepEqual([...await (await load('AutoTokenizer')).get_vocab()], [['[PAD]', 0], ['a', 97]]);
});

test('a model takes tensors and arrays, of equal and of different lengths', async (t) => {
  const { load, state } = await setUp(t);
  const tokenizer = await load('AutoTokenizer');
  const model = await load('AutoModelForTokenClassification');
  assert.deepEqual(model.config.labels, ['good', 'bad', 'ugly']);
  const { logits, hidden_states } = await model(await tokenizer(['ab', 'c'], { padding: true }), { output_hidden_states: true });
  assert.deepEqual([logits.dims, logits.tolist(), hidden_states.length], [[2, 1], [[0], [1]], 2]);
  const rows = {
    length: 4, choices: 1,
    input_ids: Uint32Array.of(1, 97, 98, 2, 1, 99, 2, 0),
    attention_mask: Uint32Array.of(1, 1, 1, 1, 1, 1, 1, 0),
    token_type_ids: Uint32Array.of(0, 0, 0, 1, 0, 0, 1, 0),
  };
  assert.deepEqual(state.asked.at(-1), { head: 'token', rows, options: { output_hidden_states: true } });

  await model(await tokenizer(['ab', 'c'], { return_tensor: false }));
  assert.deepEqual(state.asked.at(-1).rows, rows, 'rows of arrays are padded here');
  await model({ input_ids: [[5, 6], [7]] });
  assert.deepEqual(state.asked.at(-1).rows,
    { length: 2, choices: 1, input_ids: Uint32Array.of(5, 6, 7, 0), attention_mask: Uint32Array.of(1, 1, 1, 0) });
  await model({ input_ids: [[5, 6]] });
  assert.deepEqual(state.asked.at(-1).rows, { length: 2, choices: 1, input_ids: Uint32Array.of(5, 6) });
});

test('choices are a dimension more', async (t) => {
  const { load, state } = await setUp(t);
  const model = await load('AutoModelForMultipleChoice');
  const { input_ids } = await (await load('AutoTokenizer'))(['ab', 'cd', 'ef']);
  await model({ input_ids: input_ids.unsqueeze(0) });
  const { head, rows } = state.asked.at(-1);
  assert.deepEqual([head, rows.choices, rows.length, rows.input_ids.length], ['multiple-choice', 3, 4, 12]);
  await model({ input_ids: [[[1, 2], [3]], [[4], [5]]] });
  assert.equal(state.asked.at(-1).rows.choices, 2);
});

test('inputs that are no rows of ids are refused', async (t) => {
  const { load } = await setUp(t);
  const model = await load('AutoModel');
  const wrong = [
    undefined, [[1]], {}, { input_ids: [1, 2] }, { input_ids: 'a' }, { input_ids: [['a']] }, { input_ids: [[-1]] }, { input_ids: [[]] },
    { input_ids: [] }, { input_ids: [[1, 2]], attention_mask: [[1]] }, { input_ids: [[1]], token_type_ids: [[0], [0]] },
    { input_ids: [[[1], [2]], [[3]]] }, { input_ids: [[1]], inputs_embeds: [[1]] },
  ];
  for (const inputs of wrong) assert.equal((await failure(model(inputs))).code, 'input', JSON.stringify(inputs));
  assert.equal((await failure(model({ input_ids: [[1]] }, { output_hidden_state: true }))).code, 'option');
});

test('a tensor has as many numbers as its shape says', async () => {
  assert.throws(() => new Tensor('float32', new Float32Array(5), [2, 3]), { code: 'input' });
  const tensor = new Tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3]);
  assert.deepEqual(tensor.tolist(), [[[1, 2, 3], [4, 5, 6]]]);
  assert.deepEqual(tensor.unsqueeze(1).dims, [1, 1, 2, 3]);
});

test('model and tokenizer are disposed of each by itself', async (t) => {
  const { load } = await setUp(t);
  const tokenizer = await load('AutoTokenizer');
  const model = await load('AutoModelForMaskedLM');
  await tokenizer.dispose();
  assert.equal((await failure(tokenizer('a'))).code, 'disposed');
  assert.equal((await failure(tokenizer.decode([97]))).code, 'disposed');
  assert.equal((await model({ input_ids: [[1]] })).logits.size, 1);
});
