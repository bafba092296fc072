import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../../www/lib/engine/client.js';
import { HeadwiseError, fromWire, toWire } from '../../www/lib/errors.js';
import { failure } from './support.mjs';

/** A client of a worker that does nothing by itself: the test reads `sent` and answers. */
function setUp() {
  const sent = [];
  const port = Object.assign(new EventTarget(), { postMessage: (message) => sent.push(message), terminate() {} });
  let closed = 0;
  const client = new Client({ port, close: () => { closed += 1; } });
  return {
    client, sent, port, closed: () => closed,
    reply: (data) => port.dispatchEvent(Object.assign(new Event('message'), { data })),
  };
}

test('replies find their requests in any order', async () => {
  const { client, sent, reply } = setUp();
  const progress = [];
  const first = client.request('load', { a: 1 }, { onProgress: (event) => progress.push(event) });
  const second = client.request('classify', {});
  const third = client.request('classify', {});
  assert.deepEqual(sent.map(({ verb }) => verb), ['load', 'classify', 'classify']);
  reply({ id: sent[1].id, ok: true, value: 'second' });
  reply({ id: sent[0].id, event: 'progress', progress: 'half' });
  reply({ id: sent[2].id, ok: false, error: toWire(new HeadwiseError('input', 'bad', { at: 3 })) });
  reply({ id: sent[0].id, ok: true, value: 'first' });
  reply({ id: 99, ok: true, value: 'nobody asked' });
  assert.deepEqual([await first, await second, progress], ['first', 'second', ['half']]);
  const error = await failure(third);
  assert.ok(error instanceof HeadwiseError);
  assert.deepEqual([error.name, error.code, error.message, error.details],
    ['HeadwiseError', 'input', 'bad', { at: 3 }]);
});

test('abort rejects at once, tells the engine, and ignores its answer', async () => {
  const { client, sent, reply } = setUp();
  const controller = new AbortController();
  const signals = [null, controller.signal, new AbortController().signal];
  const request = client.request('classify', {}, { signals });
  controller.abort('changed my mind');
  assert.equal(await failure(request), 'changed my mind');
  assert.deepEqual(sent[1], { id: sent[0].id, verb: 'abort' });
  reply({ id: sent[0].id, ok: false, error: toWire(new HeadwiseError('input', 'late')) });

  assert.equal(await failure(client.request('classify', {}, { signals })), 'changed my mind');
  assert.equal(sent.length, 2, 'what is aborted already is not sent');
});

test('the death of a worker rejects everything pending and everything later', async () => {
  const crashes = {
    error: (port) => port.dispatchEvent(Object.assign(new Event('error'), { message: 'boom' })),
    'not started': (port) => port.dispatchEvent(new Event('error')),
    messageerror: (port) => port.dispatchEvent(new Event('messageerror')),
  };
  for (const [kind, crash] of Object.entries(crashes)) for (const alive of [false, true]) {
    const page = setUp();
    if (alive) page.reply({ id: 99, ok: true, value: 'I live' });
    const pending = [page.client.request('classify', {}), page.client.request('classify', {})];
    crash(page.port);
    const errors = await Promise.all([...pending, page.client.request('classify', {})].map(failure));
    // One that never lived could not be started.
    const code = alive || kind === 'messageerror' ? 'worker-lost' : 'crashed';
    assert.deepEqual(errors.map((error) => error.code), [code, code, code], kind);
    assert.ok(page.client.ended);
    assert.equal(page.closed(), 1);
    assert.equal(page.sent.length, 2, 'a dead worker is not asked');
  }
});

test('dispose ends the worker once and rejects what is pending and later', async () => {
  const { client, closed } = setUp();
  const pending = client.request('classify', {});
  client.dispose();
  client.dispose();
  assert.equal((await failure(pending)).code, 'disposed');
  assert.equal((await failure(client.request('classify', {}))).code, 'disposed');
  assert.equal(closed(), 1);
});

test('an error survives structuredClone as its wire form', () => {
  const error = fromWire(structuredClone(toWire(new HeadwiseError('shape', 'odd', { expected: [2, 3] }))));
  assert.deepEqual([error.code, error.message, error.details], ['shape', 'odd', { expected: [2, 3] }]);
  assert.equal(toWire(new TypeError('unforeseen')).code, 'crashed');
});
