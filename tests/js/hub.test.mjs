import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModelFiles, fileUrl, resolveModel } from '../../www/lib/hub.js';
import { failure, startServer } from './support.mjs';

globalThis.location = { href: 'https://site.example/app/index.html' };

test('model references', () => {
  const cases = {
    'user/model': 'https://huggingface.co/user/model/resolve/main/config.json',
    'bert-base-uncased': 'https://huggingface.co/bert-base-uncased/resolve/main/config.json',
    'https://cdn.example/m': 'https://cdn.example/m/config.json',
    'http://cdn.example/m/': 'http://cdn.example/m/config.json',
    './models/m': 'https://site.example/app/models/m/config.json',
    '../m/': 'https://site.example/m/config.json',
    '/m': 'https://site.example/m/config.json',
  };
  for (const [model, url] of Object.entries(cases)) assert.equal(fileUrl(model, 'config.json'), url);
  assert.equal(
    fileUrl('user/model', 'onnx/a b?.json', { endpoint: 'https://mirror.example/hf/', revision: 'refs/pr/1' }),
    'https://mirror.example/hf/user/model/resolve/refs%2Fpr%2F1/onnx/a%20b%3F.json',
  );
});

test('what is no model reference', () => {
  const bad = ['', 'a/b/c', 'user/', '/user/../..//x?y', 'user/..', '..', 'a..b', 'user/.', './m?token=x', './m#x',
    'https://user:pw@cdn.example/m', 'https://cdn.example/m?', '//evil.example/m', '/\\evil.example/m',
    'ftp://cdn.example/m', 'user model', 'x'.repeat(97), null, undefined, 7];
  for (const model of bad) {
    assert.throws(() => resolveModel(model), { name: 'HeadwiseError', code: 'model' }, `${model}`);
  }
  for (const file of ['', '../x', 'a//b', 'a/./b']) {
    assert.throws(() => fileUrl('a/b', file), { code: 'model' }, file);
  }
  assert.throws(() => fileUrl('a/b', 'x', { revision: '..' }), { code: 'model' });
  for (const endpoint of ['hub.example', '/hub', 'https://hub.example?x', 'https://u:p@hub.example']) {
    assert.throws(() => resolveModel('a/b', { endpoint }), { code: 'option' }, endpoint);
  }
});

test('every failure of a fetch has its own code', async (t) => {
  const answer = (status, headers = {}, body = '') => (_, response) => response.writeHead(status, headers).end(body);
  const origin = await startServer(t, {
    '/m/private': answer(401),
    '/m/gated': answer(403, { 'x-error-code': 'GatedRepo' }),
    '/m/busy': answer(429, { 'retry-after': '30' }),
    '/m/broken': answer(500),
    '/m/page': answer(200, { 'content-type': 'text/html; charset=utf-8' }, '<!doctype html>'),
    '/m/dropped': (_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('x'.repeat(500));
      setTimeout(() => response.destroy(), 20);
    },
    '/m/stalled': (_, response) => { response.writeHead(200).write('x'); },
  });
  const open = (file, signal = new AbortController().signal, base = origin) =>
    new ModelFiles(resolveModel(`${base}/m`), { signal }).open(file);

  const expected = {
    missing: ['not-found', /does not exist/],
    private: ['access', /token/],
    gated: ['access', /accept its conditions/],
    busy: ['rate-limited', /try again later/],
    broken: ['http', /500/],
    page: ['content', /web page/],
  };
  for (const [file, [code, words]] of Object.entries(expected)) {
    const error = await failure(open(file));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    assert.deepEqual([error.details.file, error.details.url], [file, `${origin}/m/${file}`]);
  }
  assert.equal((await failure(open('busy'))).details.retryAfter, '30');
  assert.equal((await failure(open('x', undefined, 'http://127.0.0.1:1'))).code, 'network');

  assert.equal((await failure((await open('dropped')).bytes())).code, 'network');
  let received = 0;
  const dropped = await failure((async () => {
    for await (const chunk of (await open('dropped')).chunks()) received += chunk.length;
  })());
  assert.deepEqual([dropped.code, received], ['network', 500]);

  const controller = new AbortController();
  const stalled = (await open('stalled', controller.signal)).bytes();
  controller.abort('enough');
  const { name, code, cause } = await failure(stalled);
  assert.deepEqual([name, code, cause], ['AbortError', 'aborted', 'enough']);
});

test('leaving the chunks ends the connection', async (t) => {
  let closed;
  const ended = new Promise((resolve) => { closed = resolve; });
  const origin = await startServer(t, {
    '/m/endless': (_, response) => {
      const timer = setInterval(() => response.write('x'.repeat(1000)), 1);
      response.on('close', () => { clearInterval(timer); closed(); });
    },
  });
  const files = new ModelFiles(resolveModel(`${origin}/m`), { signal: new AbortController().signal });
  for await (const _ of (await files.open('endless')).chunks()) break;
  await ended;
});

test('a token goes to the origin of the endpoint only', async (t) => {
  const seen = [];
  const record = (request, response) => {
    seen.push([request.headers.host, request.headers.authorization]);
    response.end('x');
  };
  const other = await startServer(t, { '/cdn/file': record, '/m/file': record });
  const hub = await startServer(t, {
    '/a/b/resolve/main/file': (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${other}/cdn/file` }).end();
    },
    '/m/file': record,
  });
  const options = { token: 'secret', signal: new AbortController().signal };
  const read = async (model) =>
    (await new ModelFiles(resolveModel(model, { endpoint: hub }), options).open('file')).bytes();
  await read('a/b');
  await read(`${other}/m`);
  await read(`${hub}/m`);
  assert.deepEqual(seen, [
    'Bearer secret', [new URL(other).host, undefined],
    [new URL(other).host, undefined],
    [new URL(hub).host, 'Bearer secret'],
  ]);
});
