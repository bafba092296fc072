/** The files of a model over a server that does everything wrong that servers do. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ModelFiles } from '../../www/lib/files.js';
import { resolveModel } from '../../www/lib/hub.js';
import { failure, Sha256, startServer } from './support.mjs';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const sha256 = (bytes, form = 'hex') => createHash('sha256').update(bytes).digest(form);
const gitHash = (bytes) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** The files of a model, which waits for nothing between tries. */
function openFiles(model, options = {}) {
  return ModelFiles.open(resolveModel(model, options), {
    signal: new AbortController().signal, newSha256: async () => new Sha256(), wait: async () => {}, ...options,
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

const content = Buffer.from(Array.from({ length: 50_000 }, (_, place) => (place * place) >> 3));

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
  assert.equal((await failure(files.read('busy'))).details.retryAfter, '30');
  // `has` asks once, `read` up to four times.
  assert.deepEqual(tries, { private: 2, gated: 2, busy: 9, banned: 2, broken: 5, page: 2 });
  assert.equal((await failure((await openFiles('http://127.0.0.1:1/m')).read('x'))).code, 'network');

  const controller = new AbortController();
  const stalled = await (await openFiles(`${origin}/m`, { signal: controller.signal })).stream('stalled');
  await stalled.next();
  const next = failure(stalled.next());
  controller.abort('enough');
  const { name, code, cause } = await next;
  assert.deepEqual([name, code, cause], ['AbortError', 'aborted', 'enough']);
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
  };
  const hub = await startHub(t, Object.fromEntries(Object.keys(wrong).map((file) => [file, content])), wrong);
  const files = await openFiles('a/b', { endpoint: hub });
  for (const file of Object.keys(wrong)) {
    const code = file === 'page.json' ? 'content' : 'integrity';
    const error = await failure(/json$/.test(file) ? files.read(file) : files.stream(file).then(drain));
    assert.deepEqual([error.code, error.details.file], [code, file], error.message);
  }
});

test('a small file that is not as promised is fetched once more, past the cache', async (t) => {
  const seen = [];
  const flaky = ({ headers }, response) => {
    seen.push(headers['cache-control']);
    response.end(seen.length === 1 ? Buffer.alloc(content.length) : content);
  };
  const hub = await startHub(t, { 'config.json': content }, { 'config.json': flaky });
  const files = await openFiles('a/b', { endpoint: hub });
  assert.deepEqual(Buffer.from(await files.read('config.json')), content);
  assert.deepEqual(seen, [undefined, 'no-cache']);
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
