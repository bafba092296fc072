/** The calls of every task: what the engine is asked, and how its answers look. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelsOn } from '../../www/lib/models.js';
import { pipelineOn } from '../../www/lib/pipeline.js';
import { Tensor } from '../../www/lib/tensor.js';
import { failure, fakeGlue, hostOf, modelFiles, startServer, weightsOf } from './support.mjs';

/** A pipeline of a task whose engine gives `answer(input, options)`, and what the engine was asked. */
async function setUp(t, task, answer) {
  const { state, init, glue } = fakeGlue({ [task]: answer });
  const origin = await startServer(t, modelFiles('/m'));
  const run = await pipelineOn(hostOf(init, glue))(task, `${origin}/m`, { worker: false });
  t.after(() => run.dispose());
  const asked = () => {
    const { task: name, ...last } = state.asked.at(-1);
    assert.equal(name, task);
    return last;
  };
  return { run, asked };
}

/** Each of `calls` is refused with `code`. */
async function assertRefused(code, calls) {
  for (const call of calls) assert.equal((await failure(call())).code, code, `${call}`);
}

test('zero-shot classification', async (t) => {
  const warn = t.mock.method(console, 'warn', () => {});
  const { run, asked } = await setUp(t, 'zero-shot-classification',
    (sequence, { candidate_labels }) => ({ sequence, labels: candidate_labels, scores: [1] }));
  assert.match(warn.mock.calls[0].arguments[0], /“entail”/, 'good, bad and ugly say nothing of inference');
  const one = await run('a text', ['x', 'y'], { multi_label: true, hypothesis_template: 'It is $& {}.' });
  assert.deepEqual(asked(), {
    inputs: ['a text'],
    options: { candidate_labels: ['x', 'y'], multi_label: true, hypothesis_template: 'It is $& {}.' },
  });
  assert.deepEqual(one, { sequence: 'a text', labels: ['x', 'y'], scores: [1] });
  assert.equal(one.meta.inputs.length, 1);
  assert.deepEqual(Object.keys(one), ['sequence', 'labels', 'scores'], 'meta is not enumerable');
  assert.deepEqual((await run(['a', 'b'], 'x, y')).map(({ sequence, labels }) => [sequence, labels]),
    [['a', 'x, y'], ['b', 'x, y']], 'labels in one string are the engine’s to split');
  assert.deepEqual(await run([], ['x']), []);
  await assertRefused('option', [() => run('a'), () => run('a', [1]), () => run('a', ['x'], { multi_class: true }),
    () => run('a', ['x'], { hypothesis_template: 7 }), () => run('a', ['x'], { hypothesis_template: null })]);
  await assertRefused('input', [() => run({ text: 'a' }, ['x']), () => run(['a', ['b']], ['x'])]);
});

test('token classification', async (t) => {
  const { run, asked } = await setUp(t, 'token-classification', (input) => [{ word: input }]);
  assert.deepEqual(await run('a', { aggregation_strategy: 'max', ignore_labels: [], stride: 0 }), [{ word: 'a' }]);
  assert.deepEqual(asked().options, { aggregation_strategy: 'max', ignore_labels: [], stride: 0 });
  assert.deepEqual(await run(['a', 'b'], { stride: null }), [[{ word: 'a' }], [{ word: 'b' }]]);
  assert.deepEqual(asked().options, {});
  await run([{ words: ['New', 'York'] }, { words: [], delimiter: '' }]);
  assert.deepEqual(structuredClone(asked().inputs),
    [{ words: ['New', 'York'], delimiter: undefined }, { words: [], delimiter: '' }]);
  await assertRefused('option', [() => run('a', { aggregation_strategy: 'best' }), () => run('a', { stride: -1 }),
    () => run('a', { ignore_labels: [0] }), () => run('a', { aggregation_strategy: ['max'] }),
    () => run('a', { batch_size: 0 })]);
  await run('a', { aggregation_strategy: 'SIMPLE', batch_size: 8 });
  assert.deepEqual(asked().options, { aggregation_strategy: 'SIMPLE', batch_size: 8 });
  const split = { is_split_into_words: true, delimiter: '-' };
  assert.equal((await run(['New', 'York'], split)).length, 1, 'the words of one text');
  assert.deepEqual(asked(), { inputs: [{ words: ['New', 'York'], delimiter: '-' }], options: {} });
  assert.equal((await run([['New', 'York'], ['Rome']], split)).length, 2);
  await assertRefused('input', [() => run('New York', split), () => run([['a'], 'b'], split)]);
  await assertRefused('input', [() => run({ words: 'New York' }), () => run({ text: 'a' }), () => run([['a']])]);
});

test('question answering', async (t) => {
  const { run, asked } = await setUp(t, 'question-answering',
    ({ question, context }, { top_k = 1 }) => Array.from({ length: top_k }, (_, place) => ({ answer: `${question}${context}${place}` })));
  assert.deepEqual(await run('q', 'c'), { answer: 'qc0' });
  assert.deepEqual(asked(), { inputs: [{ question: 'q', context: 'c' }], options: {} });
  assert.deepEqual(await run('q', 'c', { top_k: 2 }), [{ answer: 'qc0' }, { answer: 'qc1' }]);
  assert.deepEqual(await run({ question: 'q', context: 'c' }, { top_k: 1 }), { answer: 'qc0' });
  assert.deepEqual(await run([{ question: 'q', context: 'c' }], { top_k: 2 }), [[{ answer: 'qc0' }, { answer: 'qc1' }]]);
  assert.deepEqual(await run(['q', 'r'], 'c'), [{ answer: 'qc0' }, { answer: 'rc0' }], 'one context for all');
  assert.deepEqual(await run(['q', 'r'], ['c', 'd']), [{ answer: 'qc0' }, { answer: 'rd0' }]);
  assert.deepEqual(await run([]), []);
  const options = { doc_stride: 0, max_answer_len: 3, max_seq_len: 64, handle_impossible_answer: true, align_to_words: false };
  await run('q', 'c', options);
  assert.deepEqual(asked().options, options);
  assert.deepEqual([await run([], 'c'), await run([], []), await run([], 'c', { top_k: 2 })], [[], [], []]);
  await assertRefused('input', [() => run(null, 'c'), () => run('q'), () => run('q', { top_k: 1 }), () => run(['q', 'r'], ['c']),
    () => run({ question: 'q' }), () => run([{ question: 'q', context: 'c', extra: 1 }]), () => run(['q', 1], 'c')]);
  await assertRefused('option', [() => run('q', 'c', { topks: 1 }), () => run('q', 'c', { top_k: 0 })]);
  assert.deepEqual(await run('q', 'c', { top_k: null }), { answer: 'qc0' }, 'null is not given');
  assert.deepEqual(await run('q', 'c', { topk: 2, top_k: 1, batch_size: 4 }), { answer: 'qc0' }, 'the new name counts');
  assert.ok(Array.isArray(await run('q', 'c', { topk: 2, max_question_len: 8 })));
});

test('question answering where nothing could be an answer', async (t) => {
  const { run } = await setUp(t, 'question-answering', ({ context }) => (context.trim() ? [{ answer: context }] : []));
  assert.deepEqual(await run('q', ' ', { top_k: 2 }), []);
  const { code, message, details } = await failure(run(['q', 'r'], ['c', ' ']));
  assert.deepEqual([code, details.input], ['input', 1]);
  assert.match(message, /^Input 1: the context holds no words/);
});

test('fill-mask', async (t) => {
  const { run, asked } = await setUp(t, 'fill-mask',
    (text) => text.split('[MASK]').slice(1).map((_, place) => [{ token: place }]));
  assert.equal(run.tokenizer.mask_token, '[MASK]');
  assert.deepEqual(await run('a [MASK]', { top_k: 1, targets: 'b' }), [{ token: 0 }]);
  assert.deepEqual(asked(), { inputs: ['a [MASK]'], options: { top_k: 1, targets: 'b' } });
  assert.deepEqual(await run('[MASK] [MASK]'), [[{ token: 0 }], [{ token: 1 }]], 'several masks nest');
  assert.deepEqual(await run(['[MASK]', '[MASK] [MASK]']), [[{ token: 0 }], [[{ token: 0 }], [{ token: 1 }]]]);
  await run('[MASK]', { tokenizer_kwargs: { truncation: true, max_length: 8 } });
  assert.deepEqual(asked().options, { tokenizer_kwargs: { truncation: true, max_length: 8 } });
  await assertRefused('option', [() => run('[MASK]', { top_k: 0 }), () => run('[MASK]', { targets: [1] }),
    () => run('[MASK]', { tokenizer_kwargs: true })]);
});

test('feature extraction: one tensor, padded with zeros', async (t) => {
  const { run, asked } = await setUp(t, 'feature-extraction', (text, { pooling }) => {
    const rows = pooling === 'none' ? text.length : 1;
    const data = Float32Array.from({ length: rows * 2 }, (_, place) => place + 1);
    return { dims: pooling === 'none' ? [rows, 2] : [2], data };
  });
  const one = await run('abc', { pooling: 'mean', normalize: true });
  assert.deepEqual(asked(), { inputs: ['abc'], options: { pooling: 'mean', normalize: true } });
  assert.ok(one instanceof Tensor && one.data instanceof Float32Array);
  assert.deepEqual([one.type, one.dims, one.size, one.tolist()], ['float32', [1, 2], 2, [[1, 2]]]);
  assert.equal(one.meta.inputs.length, 1);
  assert.deepEqual((await run(['abc', 'd'])).tolist(), [[1, 2], [1, 2]]);
  const tokens = await run(['abc', 'd'], { pooling: 'none' });
  assert.deepEqual(tokens.dims, [2, 3, 2]);
  assert.deepEqual(tokens.tolist(), [[[1, 2], [3, 4], [5, 6]], [[1, 2], [0, 0], [0, 0]]]);
  assert.deepEqual((await run([])).tolist(), []);
  const options = { prompt: '', prompt_name: 'query', truncate_dim: 2, normalize_embeddings: true };
  await run('a', { ...options, normalize: null });
  assert.deepEqual(asked().options, options, 'an empty prompt is one');
  await assertRefused('option', [() => run('a', { pooling: 'average' }), () => run('a', { quantize: true }),
    () => run('a', { truncate_dim: 0 }), () => run('a', { prompt: 1 }), () => run('a', { prompt_name: ['query'] })]);
});

test('multiple choice and ranking: arguments apart or in one', async (t) => {
  const tasks = [['multiple-choice', 'prompt', 'choices'], ['text-ranking', 'query', 'documents']];
  for (const [task, first, second] of tasks) {
    const { run, asked } = await setUp(t, task, (input) => input[second].map((_, index) => ({ index })));
    const input = { [first]: 'a', [second]: ['x', 'y'] };
    const both = [{ index: 0 }, { index: 1 }];
    assert.deepEqual(await run('a', ['x', 'y'], { top_k: 1, truncation: false }), both);
    assert.deepEqual(asked(), { inputs: [input], options: { top_k: 1, truncation: false } });
    assert.deepEqual(await run(input), both);
    assert.deepEqual(await run([input, input], { top_k: null }), [both, both]);
    assert.deepEqual(asked().options, { top_k: null });
    await assertRefused('input', [() => run('a', 'x'), () => run('a'), () => run({ [first]: 'a' }), () => run(['a']),
      () => run({ ...input, third: 1 })]);
    await assertRefused('option', [() => run('a', ['x'], { top_k: 0 }), () => run(input, { topk: 1 })]);
  }
});

test('ranking has options of its own', async (t) => {
  const { run, asked } = await setUp(t, 'text-ranking', () => []);
  await run('q', ['d'], { return_documents: true, activation_fn: 'identity' });
  assert.deepEqual(asked().options, { return_documents: true, activation_fn: 'identity' });
  await run('q', ['d'], { prompt: '', prompt_name: 'web', activation_fn: undefined });
  assert.deepEqual(asked().options, { prompt: '', prompt_name: 'web' });
  await assertRefused('option', [() => run('q', ['d'], { activation_fn: 'softmax' }),
    () => run('q', ['d'], { prompt: false }), () => run('q', ['d'], { batch_size: 0 }), () => run('q', ['d'], { truncate_dim: 3 })]);
});

test('other names of tasks', async (t) => {
  const { init, glue } = fakeGlue();
  const origin = await startServer(t, modelFiles('/m'));
  const names = { 'sentiment-analysis': 'text-classification', ner: 'token-classification', embeddings: 'feature-extraction' };
  for (const [alias, name] of Object.entries(names)) {
    const run = await pipelineOn(hostOf(init, glue))(alias, `${origin}/m`, { worker: false });
    assert.equal(run.task, name);
    await run.dispose();
  }
});

test('a model of sentence-transformers: its modules, the encoder in a folder, weights in several', async (t) => {
  const { init, glue } = fakeGlue({ 'feature-extraction': () => ({ dims: [1], data: new Float32Array(1) }) });
  const encoder = Object.fromEntries(Object.entries(modelFiles('/m/0_Transformer')).filter(([path]) => !path.endsWith('s')));
  const files = {
    ...encoder,
    '/m/0_Transformer/tokenizer.json': '{}',
    '/m/0_Transformer/model.safetensors': weightsOf(400_000),
    '/m/2_Dense/model.safetensors': weightsOf(100_000),
    '/m/modules.json': '[{"folder": "0_Transformer/", "others": ["1_Pooling", "3_Normalize"], "more": ["2_Dense/model.safetensors"]}]',
    '/m/1_Pooling/config.json': '{}',
  };
  const origin = await startServer(t, files);
  const events = [];
  const embed = await pipelineOn(hostOf(init, glue))('feature-extraction', `${origin}/m`,
    { worker: false, progress_callback: (event) => events.push(event) });
  t.after(() => embed.dispose());
  assert.deepEqual((await embed('a')).dims, [1, 1]);
  const names = Object.keys(files).map((path) => path.slice('/m/'.length)).sort();
  assert.deepEqual(events.filter(({ status }) => status === 'done').map(({ file }) => file).sort(), names);
  const local = await embed.files();
  assert.deepEqual(local.map(({ name }) => name).sort(), names);
  const again = await pipelineOn(hostOf(init, glue))('feature-extraction', local, { worker: false });
  assert.deepEqual((await again('a')).dims, [1, 1]);
  await again.dispose();
  const { integrity } = await modelsOn(hostOf(init, glue)).lock(`${origin}/m`, { task: 'embeddings' });
  assert.deepEqual(Object.keys(integrity).sort(), names, 'the lock of the task names the same files');
});
