/** What is computed when: priorities, pieces of large calls, streams, and calls that only the latest of counts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latest } from '../../www/lib/calls.js';
import { pipelineOn } from '../../www/lib/pipeline.js';
import { failure, fakeGlue, hostOf, modelFiles, startServer } from './support.mjs';

/** A loaded pipeline on a fake engine in this thread; a text is its label. */
async function setUp(t, task = 'text-classification', answers = {}) {
  const { state, init, glue } = fakeGlue({ 'text-classification': ({ text }) => [{ label: text, score: 1 }], ...answers });
  const origin = await startServer(t, modelFiles('/m'));
  const pipe = await pipelineOn(hostOf(init, glue))(task, `${origin}/m`, { worker: false });
  t.after(() => pipe.dispose());
  return { pipe, state };
}

const textsOf = (count, text = 'text') => Array.from({ length: count }, (_, place) => `${text} ${place}`);

/** All that a stream gives. */
async function collect(stream) {
  const rows = [];
  for await (const row of stream) rows.push(row);
  return rows;
}

/** Sources of all kinds. */
const SOURCES = {
  array: (rows) => rows,
  set: (rows) => new Set(rows),
  async* generator(rows) { yield* rows; },
  stream: (rows) => ReadableStream.from(rows),
  old: (rows) => ({ getReader: () => ReadableStream.from(rows).getReader() }),
};

test('the most urgent call computes, in the middle of others; among equals the first', async (t) => {
  const { pipe, state } = await setUp(t);
  const settled = [];
  const call = (text, priority) => pipe(text, { priority }).then(([{ label }]) => settled.push(label));
  const calls = [call('slow a', 'background'), call('b', 'background')];
  while (!state.log.includes('start slow a')) await new Promise(setImmediate);
  calls.push(call('slow c'), call('d', 'user-visible'));
  while (!state.log.includes('start slow c')) await new Promise(setImmediate);
  assert.equal(state.alive, 3, 'the model and two calls');
  calls.push(call('e', 'user-blocking'));
  await Promise.all(calls);
  assert.deepEqual(settled, ['e', 'slow c', 'd', 'slow a', 'b']);
  assert.deepEqual(state.log.slice(0, 4), ['start slow a', 'start slow c', 'start e', 'finish e']);
  assert.equal((await failure(pipe('a', { priority: 'low' }))).code, 'option');
});

test('a large call is done in pieces, between which it tells how far it is', async (t) => {
  const { pipe, state } = await setUp(t);
  const texts = textsOf(3000, 'a text of some length');
  const events = [];
  const results = await pipe(texts, { progress_callback: (event) => events.push(event) });
  assert.deepEqual(results.map(({ label }) => label), texts);
  assert.equal(results.meta.inputs.length, 3000);
  assert.ok(Math.max(...state.asked.map(({ inputs }) => inputs.length)) < 1000);
  assert.ok(events.length > 2 && events.every(({ total, tokens_per_second }) => total === 3000 && tokens_per_second > 0));
  events.reduce((before, { done }) => (assert.ok(done > before), done), 0);
  assert.equal(events.at(-1).done, 3000);
  assert.ok(state.asked.every(({ options }) => !('priority' in options || 'progress_callback' in options)));
  const error = await failure(pipe([...texts, 'refuse', 'x']));
  assert.deepEqual([error.code, error.details.input, error.message], ['input', 3000, 'Input 3000: refused.']);
});

test('an abort ends a call wherever it is', async (t) => {
  const { pipe, state } = await setUp(t);
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [pipe('slow', { signal }), pipe(textsOf(5000), { signal, priority: 'background' }), pipe('x', { signal })].map(failure);
  while (state.log.length === 0) await new Promise(setImmediate);
  controller.abort();
  for (const call of calls) assert.equal(await call, signal.reason);
  assert.equal((await pipe('next'))[0].label, 'next');
  assert.deepEqual(state.log, ['start slow', 'start next', 'finish next']);
  assert.equal(state.alive, 1);
});

test('a stream gives what the call gives, row by row, from any source', async (t) => {
  const { pipe } = await setUp(t);
  const rows = textsOf(300);
  const all = (await pipe(rows)).map((result, index) => ({ index, result }));
  for (const [kind, source] of Object.entries(SOURCES)) {
    assert.deepEqual(await collect(pipe.stream(source(rows))), all, kind);
    assert.deepEqual(await collect(pipe.stream(source([]))), [], kind);
  }
  const pairs = [{ text: 'a', text_pair: 'b' }, 'c'];
  assert.deepEqual((await collect(pipe.stream(pairs, { top_k: null }))).map(({ result }) => result), await pipe(pairs, { top_k: null }));
  for (const source of ['text', 7, null]) assert.equal((await failure(pipe.stream(source).next())).code, 'input');
  assert.equal((await failure(pipe.stream(rows, { topk: 2 }).next())).code, 'option');

  const zeroShot = await setUp(t, 'zero-shot-classification', {
    'zero-shot-classification': (text, { candidate_labels }) => ({ sequence: text, labels: candidate_labels, scores: [1, 2] }),
  });
  assert.deepEqual((await collect(zeroShot.pipe.stream(['a', 'b'], ['x', 'y']))).map(({ result }) => result), await zeroShot.pipe(['a', 'b'], ['x', 'y']));
  const embedder = await setUp(t, 'feature-extraction', {
    'feature-extraction': (text) => ({ dims: [2], data: Float32Array.of(text.length, 1) }),
  });
  const [{ result }] = await collect(embedder.pipe.stream(['abc']));
  assert.deepEqual([result.dims, [...result.data]], [[1, 2], [3, 1]]);
});

test('a bad row is an error at its place, and the rest go on', async (t) => {
  const { pipe } = await setUp(t);
  const rows = textsOf(60);
  Object.assign(rows, { 3: 'refuse', 20: 7, 21: 'panic', 59: null });
  const got = await collect(pipe.stream(rows));
  assert.deepEqual(got.map(({ index }) => index), rows.map((_, index) => index));
  const errors = got.filter(({ error }) => error).map(({ index, error }) => [index, error.code, error.details.input]);
  assert.deepEqual(errors, [[3, 'input', 3], [20, 'input', 20], [21, 'crashed', undefined], [59, 'input', 59]]);
  for (const { index, result, error } of got) if (!error) assert.equal(result.label, rows[index]);

  const answers = await setUp(t, 'question-answering', {
    'question-answering': ({ question }) => (question === 'b' ? [] : [{ answer: question, score: 1, start: 0, end: 1 }]),
  });
  const [one, two] = await collect(answers.pipe.stream(['a', 'b'], 'context'));
  assert.deepEqual([one.result.answer, two.error.code, two.error.details.input], ['a', 'input', 1]);
});

test('a source is read as far as it is needed, and told when nobody needs it any more', async (t) => {
  const { pipe, state } = await setUp(t);
  let read = 0;
  let closed = 0;
  function* endless() {
    try {
      for (;;) yield `row ${read++}`;
    } finally {
      closed += 1;
    }
  }
  for await (const { index } of pipe.stream(endless())) {
    assert.ok(read - index <= 3 * 128, `${read - index} rows are held`);
    if (index === 1000) break;
  }
  assert.equal(closed, 1);
  const started = state.log.length;
  await pipe('next');
  assert.deepEqual(state.log.slice(started).filter((line) => line.startsWith('finish')), ['finish next'], 'the rest was aborted');

  // A source that makes us wait does not hold back what there is.
  const slow = new TransformStream();
  const writer = slow.writable.getWriter();
  const rows = pipe.stream(slow.readable);
  for (const text of ['a', 'b']) {
    writer.write(text);
    assert.equal((await rows.next()).value.result.label, text);
  }
  const cancelled = failure(writer.closed);
  await rows.return();
  await cancelled;

  // What came before a source failed is given.
  async function* failing() {
    yield* ['a', 'b'];
    throw new Error('no more');
  }
  const given = [];
  const reason = await failure((async () => { for await (const { result } of pipe.stream(failing())) given.push(result.label); })());
  assert.deepEqual([given, reason.message], [['a', 'b'], 'no more']);
});

test('a stream ends with its signal, tells how far it is, and has the priority of its call', async (t) => {
  const { pipe } = await setUp(t);
  const controller = new AbortController();
  const waiting = pipe.stream(new ReadableStream(), { signal: controller.signal }).next();
  controller.abort('enough');
  assert.equal(await failure(waiting), 'enough');
  const { signal } = controller;
  assert.equal(await failure(pipe.stream(['a'], { signal }).next()), 'enough');

  const events = [];
  const rows = [...textsOf(100), 'refuse'];
  const stream = collect(pipe.stream(rows, { priority: 'background', progress_callback: (event) => events.push(event) }));
  await pipe('slow', { priority: 'user-blocking' });
  assert.deepEqual(events, [], 'it was overtaken');
  await stream;
  assert.ok(events.every(({ total }) => total === 101));
  events.reduce((before, { done }) => (assert.ok(done > before), done), 0);
  assert.equal(events.at(-1).done, 100);
});

test('of calls to latest(pipe) the newest counts', async (t) => {
  const { pipe, state } = await setUp(t);
  const classify = latest(pipe);
  const calls = ['slow a', 'slow b', 'c'].map((text) => classify(text));
  assert.deepEqual((await Promise.all(calls)).map((result) => result?.[0].label), [undefined, undefined, 'c']);
  assert.ok(!state.log.includes('finish slow a'));
  assert.equal((await classify('d')).meta.inputs.length, 1);
  assert.equal((await failure(classify('refuse'))).code, 'input');
  const signal = AbortSignal.abort('mine');
  assert.equal(await failure(classify('e', { signal })), 'mine');
  assert.equal((await failure(classify(7))).code, 'input');
});
