/** The files of a model over a server that does everything wrong that servers do. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { RemoteFiles } from '../../www/lib/source/remote.js';
import { resolveModel } from '../../www/lib/source/hub.js';
import { LocalFiles, byName } from '../../www/lib/source/local.js';
import { Store } from '../../www/lib/store/store.js';
import { failure, Sha256, startServer } from './support.mjs';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const sha256 = (bytes, form = 'hex') => createHash('sha256').update(bytes).digest(form);
const gitHash = (bytes) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** The files of a model, which waits for nothing between tries. */
function openFiles(model, options = {}) {
  return RemoteFiles.open(resolveModel(model, options), {
    store: new Store({}), signal: new AbortController().signal, newSha256: async () => new Sha256(), wait: async () => {}, ...options,
  });
}

/** A Hub with one model, `a/b`, whose manifest is right about `files`; `routes` stand in for them. */
async function startHub(t, files, routes = {}) {
  const siblings = Object.entries(files).map(([rfilename, bytes]) => (/\.safetensors$/.test(rfilename)
    ? { rfilename, size: bytes.length, blobId: COMMIT, lfs: { sha256: sha256(bytes), size: bytes.length } }
    : { rfilename, size: bytes.length, blobId: gitHash(bytes) }));
  const folder = `/a/b/resolve/${COMMIT}/`;
  const inFolder = (map) => Object.fromEntries(Object.entries(map).map(([file, body]) => [folder + file, body]));
  return startServer(t, {
    '/api/models/a/b/revision/main?blobs=true': JSON.stringify({ sha: COMMIT, siblings }),
    ...inFolder(files), ...inFolder(routes),
  });
}

/** All that a download brings. */
async function drain(download) {
  const chunks = [];
  try {
    for (let chunk; (chunk = await download.next());) chunks.push(chunk.slice());
  } finally {
    download.close();
  }
  return Buffer.concat(chunks);
}

/** Pseudo-random numbers in 0…1. */
function randoms(seed) {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Begins as JSON and as safetensors do. */
const content = Buffer.from(Array.from({ length: 50_000 }, (_, place) => (place < 8 ? [123][place] ?? 0 : (place * place) >> 3)));

test('every failure of a fetch has its own code', async (t) => {
  const tries = {};
  const answer = (status, headers = {}, body = '') => ({ url }, response) => {
    tries[url.split('/').at(-1)] = (tries[url.split('/').at(-1)] ?? 0) + 1;
    response.writeHead(status, headers).end(body);
  };
  const origin = await startServer(t, {
    '/m/private': answer(401),
    '/m/gated': answer(403, { 'x-error-code': 'GatedRepo' }),
    '/m/busy': answer(429, { 'retry-after': '30' }),
    '/m/banned': answer(429, { 'retry-after': '3600' }),
    '/m/gone': answer(410),
    '/m/broken': answer(500),
    '/m/page': answer(200, { 'content-type': 'text/html; charset=utf-8' }, '<!doctype html>'),
    '/m/stalled': (_, response) => { response.writeHead(200).write('x'); },
  });
  const files = await openFiles(`${origin}/m`);
  const expected = {
    missing: ['not-found', /does not exist/],
    private: ['access', /token/],
    gated: ['access', /accept its conditions/],
    busy: ['rate-limited', /try again later/],
    banned: ['rate-limited', /try again later/],
    gone: ['not-found', /does not exist/],
    broken: ['http', /500/],
    page: ['content', /web page/],
  };
  for (const [file, [code, words]] of Object.entries(expected)) {
    const error = await failure(files.read(file));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    assert.deepEqual([error.details.file, error.details.url], [file, `${origin}/m/${file}`]);
    assert.equal(await files.has(file), false);
  }
  assert.equal((await failure(files.read('busy'))).details.retry_after, '30');
  // `has` asks once, `read` up to four times.
  assert.deepEqual(tries, { private: 2, gated: 2, busy: 9, banned: 2, gone: 2, broken: 5, page: 2 });
  assert.equal((await failure((await openFiles('http://127.0.0.1:1/m')).read('x'))).code, 'network');

  const controller = new AbortController();
  const stalled = await (await openFiles(`${origin}/m`, { signal: controller.signal })).stream('stalled');
  await stalled.next();
  const next = failure(stalled.next());
  controller.abort('enough');
  assert.equal(await next, 'enough');
});

test('what is answered in place of a file is named, and counts as absent where nobody says that there is one', async (t) => {
  const json = ['config.json', 'tokenizer.json', 'modules.json', '1_Pooling/config.json'];
  const texts = ['vocab.txt', 'merges.txt', 'bpe.codes'];
  const binaries = ['model.safetensors', 'spm.model', 'pytorch_model.bin'];
  const all = [...json, ...texts, ...binaries];
  const page = '<!DOCTYPE html>\n<title>App</title>';
  const gzip = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n';
  // What came, for which files, what it is called, and whether there is a file nevertheless.
  const cases = [
    [page, all, 'a web page'], [`\ufeff\n  ${page}`, all, 'a web page'], ['<html>\n<body>Index of /m</body>', all, 'a web page'],
    ['<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code></Error>', all, 'a web page'],
    ['<h1>Not found</h1>', [...json, ...binaries], 'a web page'],
    ['Not found', all, 'something else'], ['404 page not found\n', all, 'something else'], ['"no"', json, 'something else'],
    ['', all, 'nothing'],
    ['{"error": "not found"}', ['config.json', 'tokenizer.json'], 'an error message'],
    ['{"detail": "Not Found"}', ['config.json'], 'an error message'],
    ['{"statusCode": 404, "message": "Cannot GET"}', ['config.json'], 'an error message'],
    ['{"errors": [{"status": 404}]}', ['config.json'], 'an error message'],
    ['{"error": "not found"}', ['modules.json', ...texts, ...binaries], 'something else'],
    [gzip, all, 'a gzip archive', true], [pointer, all, 'a pointer of Git LFS', true],
  ];
  const routes = {};
  for (const [place, [body, files]] of cases.entries()) {
    for (const file of files) {
      // The type that a server gives says nothing.
      routes[`/${place}/${file}`] = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    }
  }
  routes['/empty/config.json'] = (_, response) => response.writeHead(204).end();
  routes['/bucket/config.json'] = (_, response) => response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
  routes['/typed/config.json'] = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(' {"model_type": "bert"}');
  const origin = await startServer(t, routes);
  for (const [place, [body, names, found, exists = false]] of cases.entries()) {
    const files = await openFiles(`${origin}/${place}`);
    for (const file of names) {
      const read = /safetensors|bin/.test(file) ? files.stream(file).then((stream) => stream.open()) : files.read(file);
      const error = await failure(read);
      const what = `${file}: ${body}`;
      assert.deepEqual([error.code, error.details.found, error.details.url], ['content', found, `${origin}/${place}/${file}`], what);
      assert.equal(files.isAbsent(file, error), !exists, what);
      if (binaries.includes(file)) assert.equal(await files.has(file), false, what);
    }
  }
  const nothing = await openFiles(`${origin}/empty`);
  assert.equal((await failure(nothing.read('config.json'))).details.found, 'nothing');
  const bucket = await openFiles(`${origin}/bucket`);
  const refused = await failure(bucket.read('config.json'));
  assert.deepEqual([refused.code, bucket.isAbsent('config.json', refused)], ['access', true]);
  assert.equal((await (await openFiles(`${origin}/typed`)).read('config.json')).length, 23, 'bytes count, not the type');
});

test('what only looks like an answer of that kind is a file', async (t) => {
  const files = {
    'vocab.txt': '<p>\n<s>\n', 'vocab.json': '{"error": 1, "message": 2}', 'added_tokens.json': '{"error": 7}',
    'tokenizer_config.json': '{"errors": "replace"}', 'merges.txt': '#version: 0.2', 'spm.model': '\n\u000e\n\u0005<unk>',
    // A header of 60 bytes: the first one is “<”.
    'model.safetensors': Buffer.from([60, 0, 0, 0, 0, 0, 0, 0, 10, 123]), 'a b.safetensors': Buffer.from([1]),
    'modules.json': '\ufeff [{}]', 'special_tokens_map.json': '{}',
  };
  const origin = await startServer(t, Object.fromEntries(Object.entries(files).map(([file, body]) => [`/m/${encodeURIComponent(file)}`, body])));
  const opened = await openFiles(`${origin}/m`);
  for (const [file, body] of Object.entries(files)) {
    assert.deepEqual(Buffer.from(await opened.read(file)), Buffer.from(body), file);
    assert.equal(await opened.has(file), true, file);
  }
});

test('names of files may have folders, spaces and any letters', async (t) => {
  const names = ['weights part 1 of 2.safetensors', 'shards/größe 100%.safetensors', '重み/a#b?c.safetensors', 'a%20b.safetensors'];
  const path = (name) => name.split('/').map(encodeURIComponent).join('/');
  const seen = [];
  const served = Object.fromEntries(names.map((name) => [`/m/${path(name)}`, content]));
  const folder = await openFiles(`${await startServer(t, served)}/m`);
  const files = Object.fromEntries(names.map((name) => [name, content]));
  const hub = await startHub(t, files, Object.fromEntries(names.map((name) => [path(name), content])));
  const model = await openFiles('a/b', { endpoint: hub, fetch: (url, init) => { seen.push(url); return fetch(url, init); } });
  for (const name of names) {
    assert.deepEqual(await drain(await folder.stream(name)), content, name);
    assert.equal(await folder.has(name), true, name);
    assert.deepEqual(await drain(await model.stream(name)), content, name);
    assert.equal(seen.at(-1), `${hub}/a/b/resolve/${COMMIT}/${path(name)}`);
  }
  for (const name of ['../m/x', 'a//b', './a']) assert.equal((await failure(folder.read(name))).code, 'model', name);
});

test('files that a person opens are found in folders, however their letters are put together', async () => {
  const file = (path, text) => Object.defineProperty(new File([text], path.split('/').at(-1)), 'webkitRelativePath', { value: path });
  const files = new LocalFiles(byName([file('my model/config.json', '{}'), file('my model/te\u0301l/weights 1.safetensors', 'x')]));
  assert.equal(await (await files.blob('t\u00e9l/weights 1.safetensors')).text(), 'x');
  assert.equal(await files.has('config.json'), true);
  assert.equal((await failure(files.read('weights 1.safetensors'))).code, 'not-found');
});

test('closing a download ends the connection', async (t) => {
  let closed;
  const ended = new Promise((resolve) => { closed = resolve; });
  const origin = await startServer(t, {
    '/m/endless': (_, response) => {
      const timer = setInterval(() => response.write('x'.repeat(1000)), 1);
      response.on('close', () => { clearInterval(timer); closed(); });
    },
  });
  const download = await (await openFiles(`${origin}/m`)).stream('endless');
  await download.next();
  download.close();
  await ended;
  assert.equal(await download.next(), undefined);
});

test('files are fetched by commit, and those that are not listed not at all', async (t) => {
  const seen = [];
  const hub = await startHub(t, { 'config.json': content, 'model.safetensors': content });
  const files = await openFiles('a/b', {
    endpoint: hub, fetch: (url, init) => { seen.push(new URL(url).pathname); return fetch(url, init); },
  });
  assert.equal(files.commit, COMMIT);
  assert.deepEqual(Buffer.from(await files.read('config.json')), content);
  assert.deepEqual(await drain(await files.stream('model.safetensors')), content);
  assert.equal((await failure(files.stream('vocab.txt'))).code, 'not-found');
  assert.equal((await failure(files.read('vocab.txt'))).code, 'not-found');
  assert.deepEqual([await files.has('config.json'), await files.has('vocab.txt')], [true, false]);
  assert.deepEqual(seen, ['/api/models/a/b/revision/main',
    `/a/b/resolve/${COMMIT}/config.json`, `/a/b/resolve/${COMMIT}/model.safetensors`]);
});

test('a host without a manifest is used from its base URL, a model that is refused is refused', async (t) => {
  const answer = (status, headers = {}, body = '') => (_, response) => response.writeHead(status, headers).end(body);
  const manifests = {
    absent: undefined,
    page: answer(200, { 'content-type': 'text/html' }, '<!doctype html>'),
    nonsense: '{"files": []}',
    broken: '{"sha": "',
    dropped: (_, response) => response.destroy(),
  };
  for (const [name, manifest] of Object.entries(manifests)) {
    const origin = await startServer(t, {
      ...manifest && { '/api/models/a/b/revision/dev?blobs=true': manifest }, '/a/b/resolve/dev/file': content,
    });
    const files = await openFiles('a/b', { endpoint: origin, revision: 'dev' });
    assert.equal(files.commit, undefined);
    assert.deepEqual(Buffer.from(await files.read('file')), content, name);
    assert.equal((await failure(files.read('other'))).code, 'not-found');
  }
  const refusals = [
    [404, 'RevisionNotFound', 'not-found', /no such revision/], [401, 'RepoNotFound', 'not-found', /list of files of a\/b/],
    [403, 'GatedRepo', 'access', /accept its conditions/], [503, undefined, 'http', /503/],
    [429, undefined, 'rate-limited', /later/],
  ];
  for (const [status, reason, code, words] of refusals) {
    const origin = await startServer(t, {
      '/api/models/a/b/revision/main?blobs=true': answer(status, reason && { 'x-error-code': reason }),
    });
    const error = await failure(openFiles('a/b', { endpoint: origin }));
    assert.equal(error.code, code);
    assert.match(error.message, words);
  }
});

test('whatever goes wrong: the right bytes or a typed error, and never silence about it', async (t) => {
  const outcomes = {};
  for (let seed = 0; seed < 150; seed += 1) {
    const random = randoms(seed);
    const pick = (...values) => values[Math.floor(random() * values.length)];
    const host = { ranges: pick(true, true, false), tells: pick(true, true, false), manifest: pick(true, false), drops: pick(0.3, 0.6) };
    const serveBadly = ({ headers }, response) => {
      if (random() < 0.15) return response.writeHead(pick(429, 500, 503)).end();
      const from = host.ranges ? Number(/bytes=(\d+)-/.exec(headers.range)?.[1] ?? 0) : 0;
      const part = Buffer.from(content.subarray(from));
      const damaged = host.manifest && random() < 0.05;
      if (damaged && part.length) part[Math.floor(random() * part.length)] ^= 1;
      const range = `bytes ${from}-${content.length - 1}/${content.length}`;
      response.writeHead(from > 0 ? 206 : 200, {
        'content-length': part.length, ...host.tells && { etag: '"v1"', ...from > 0 && { 'content-range': range } },
      });
      if (random() >= host.drops) return response.end(part);
      response.write(part.subarray(0, Math.floor(random() * part.length)));
      setTimeout(() => response.destroy(), 5);
    };
    const files = { 'model.safetensors': content };
    const endpoint = host.manifest
      ? await startHub(t, files, { 'model.safetensors': serveBadly })
      : await startServer(t, { '/a/b/resolve/main/model.safetensors': serveBadly });
    const download = await (await openFiles('a/b', { endpoint })).stream('model.safetensors');
    const outcome = await drain(download).then((bytes) => {
      assert.ok(bytes.equals(content), `seed ${seed}: wrong bytes were accepted`);
      return 'whole';
    }, ({ code, message }) => {
      assert.ok(['network', 'http', 'rate-limited', 'integrity'].includes(code), `seed ${seed}: ${code} ${message}`);
      return code;
    });
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  assert.ok(outcomes.whole >= 75 && outcomes.integrity >= 3, JSON.stringify(outcomes));
});

test('a download is taken up where it dropped, from the first address', async (t) => {
  const ranges = [];
  const cdn = await startServer(t, {
    '/signed': ({ headers: { range } }, response) => {
      ranges.push(range);
      const from = Number(/\d+/.exec(range ?? '0'));
      const whole = from >= 30_000;
      response.writeHead(from ? 206 : 200, {
        'content-length': content.length - from, ...from && { 'content-range': `bytes ${from}-49999/50000` },
      });
      response.write(content.subarray(from, whole ? undefined : from + 15_000));
      setTimeout(() => (whole ? response.end() : response.destroy()), 5);
    },
  });
  let asked = 0;
  const hub = await startHub(t, { 'model.safetensors': content }, {
    'model.safetensors': (_, response) => { asked += 1; response.writeHead(302, { location: `${cdn}/signed` }).end(); },
  });
  const files = await openFiles('a/b', { endpoint: hub });
  assert.deepEqual(await drain(await files.stream('model.safetensors')), content);
  assert.deepEqual([asked, ranges], [3, [undefined, 'bytes=15000-', 'bytes=30000-']]);
});

test('a server that goes silent is asked again, and given up in the end', async (t) => {
  let asked = 0;
  const hub = await startHub(t, { 'model.safetensors': content, 'config.json': content }, {
    'model.safetensors': ({ headers: { range } }, response) => {
      const from = Number(/\d+/.exec(range ?? '0'));
      response.writeHead(from ? 206 : 200, from ? { 'content-range': `bytes ${from}-49999/50000` } : {});
      response.write(content.subarray(from, from + 20_000));
      if (from + 20_000 >= content.length) response.end();
    },
    'config.json': () => { asked += 1; },
  });
  const files = await openFiles('a/b', { endpoint: hub, silence: 50 });
  assert.deepEqual(await drain(await files.stream('model.safetensors')), content);
  assert.equal((await failure(files.read('config.json'))).code, 'network');
  assert.equal(asked, 4);
});

test('a pause costs nothing but a request', async (t) => {
  const hub = await startHub(t, { 'model.safetensors': content });
  const download = await (await openFiles('a/b', { endpoint: hub })).stream('model.safetensors');
  const first = await download.next();
  download.pause();
  assert.deepEqual(Buffer.concat([first, await drain(download)]), content);
});

test('wrong length, wrong hash, and a file that changes are refused', async (t) => {
  const answer = (body, headers = {}) => (_, response) => response.writeHead(200, headers).end(body);
  const other = Buffer.from(content).fill(7, 100, 101);
  let version = 0;
  const wrong = {
    'short.safetensors': answer(content.subarray(0, 40_000)),
    'long.safetensors': answer(Buffer.concat([content, Buffer.from('x')])),
    'other.safetensors': answer(other),
    'other.json': answer(other),
    'empty.json': answer(''),
    'changing.safetensors': (_, response) => {
      version += 1;
      response.writeHead(200, { etag: `"v${version}"`, 'content-length': content.length }).write(content.subarray(0, 20_000));
      setTimeout(() => response.destroy(), 5);
    },
    'page.json': answer('<!doctype html>', { 'content-type': 'text/html' }),
    'page.safetensors': answer('<!doctype html>'),
    'complaint.json': answer('{"error": "not found"}'),
  };
  const hub = await startHub(t, Object.fromEntries(Object.keys(wrong).map((file) => [file, content])), wrong);
  const files = await openFiles('a/b', { endpoint: hub });
  for (const file of Object.keys(wrong)) {
    const code = file.startsWith('page') ? 'content' : 'integrity';
    const error = await failure(/json$/.test(file) ? files.read(file) : files.stream(file).then(drain));
    assert.deepEqual([error.code, error.details.file], [code, file], error.message);
  }
});

test('a small file that is not as promised is fetched once more, past the cache', async (t) => {
  for (const wrong of [Buffer.alloc(content.length), '<!doctype html><title>Sign in to the network</title>']) {
    const seen = [];
    const flaky = ({ headers }, response) => {
      seen.push(headers['cache-control']);
      response.end(seen.length === 1 ? wrong : content);
    };
    const hub = await startHub(t, { 'config.json': content }, { 'config.json': flaky });
    const files = await openFiles('a/b', { endpoint: hub });
    assert.deepEqual(Buffer.from(await files.read('config.json')), content);
    assert.deepEqual(seen, [undefined, 'no-cache']);
  }
});

test('what the application promises counts more than the manifest, and no other file is fetched', async (t) => {
  const other = Buffer.from(content).fill(7, 100, 101);
  const hub = await startHub(t, { 'config.json': content, 'model.safetensors': content, 'vocab.txt': content },
    { 'config.json': other });
  const integrity = { 'config.json': `sha256-${sha256(other, 'base64')}`, 'model.safetensors': `sha256-${sha256(other, 'base64')}` };
  const files = await openFiles('a/b', { endpoint: hub, integrity });
  assert.deepEqual(Buffer.from(await files.read('config.json')), other);
  assert.equal((await failure(files.stream('model.safetensors').then(drain))).code, 'integrity');
  const { code, details } = await failure(files.read('vocab.txt'));
  assert.deepEqual([code, details.unlisted], ['integrity', true]);
});

test('a token goes to the origin of the endpoint only', async (t) => {
  const seen = [];
  const record = (request, response) => {
    seen.push([request.headers.host, request.headers.authorization]);
    response.end('x');
  };
  const other = await startServer(t, { '/cdn/file': record, '/m/file': record });
  const redirect = (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: `${other}/cdn/file` }).end();
  };
  const hub = await startServer(t, {
    '/api/models/a/b/revision/main?blobs=true': (request, response) => {
      seen.push(request.headers.authorization);
      response.end(JSON.stringify({ sha: COMMIT, siblings: [{ rfilename: 'file' }] }));
    },
    [`/a/b/resolve/${COMMIT}/file`]: redirect,
    '/m/file': record,
  });
  const read = async (model) => (await openFiles(model, { endpoint: hub, token: 'secret' })).read('file');
  await read('a/b');
  await read(`${other}/m`);
  await read(`${hub}/m`);
  const { code, message } = await failure(openFiles('a/b', { endpoint: hub, token: 'hf_se\ncret' }));
  assert.equal(code, 'option');
  assert.doesNotMatch(message, /hf_/);
  assert.deepEqual(seen, [
    'Bearer secret', 'Bearer secret', [new URL(other).host, undefined],
    [new URL(other).host, undefined],
    [new URL(hub).host, 'Bearer secret'],
  ]);
});
