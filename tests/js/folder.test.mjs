/** Models in folders: what is stored of them, and asked about at the next load. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { resolveModel } from '../../www/lib/source/hub.js';
import { RemoteFiles } from '../../www/lib/source/remote.js';
import { blobOf } from '../../www/lib/source/stream.js';
import { Store } from '../../www/lib/store/store.js';
import { failure, fakeScope, Sha256, startServer } from './support.mjs';

const WEIGHTS = 'model.safetensors';

/** A server with a folder of two files, which tells their ETags as `etagOf` says; `log` is what it answered. */
async function setUp(t, { etagOf = (hash) => `"${hash}"`, headers = {} } = {}) {
  const files = { 'config.json': '{"a": 1}', [WEIGHTS]: `${'\0'.repeat(8)}${'w'.repeat(100_000)}` };
  const log = [];
  const state = { down: false };
  const answer = (file) => (request, response) => {
    if (state.down) return request.socket.destroy();
    const body = files[file];
    const etag = body && etagOf(createHash('sha256').update(body).digest('hex').slice(0, 8));
    const status = body === undefined ? 404 : etag && request.headers['if-none-match'] === etag ? 304 : 200;
    log.push(`${status} ${file}`);
    response.writeHead(status, { ...etag && { etag }, ...status === 200 && { 'content-length': body.length }, ...headers });
    return response.end(status === 200 ? body : undefined);
  };
  const origin = await startServer(t, Object.fromEntries([...Object.keys(files), 'vocab.txt'].flatMap((file) =>
    ['', '?v=1', '?v=2'].map((query) => [`/m/${file}${query}`, answer(file)]))));
  const store = new Store(fakeScope(), { partBytes: 30_000 });
  /** Loads the folder; what was read, and what the server was asked. */
  const load = async (options = {}, query = '') => {
    log.length = 0;
    const opened = await RemoteFiles.open(resolveModel(`${origin}/m/${query}`), {
      signal: new AbortController().signal, newSha256: async () => new Sha256(), wait: async () => {}, store, ...options,
    });
    try {
      const config = `${Buffer.from(await opened.read('config.json'))}`;
      const absent = await failure(opened.read('vocab.txt'));
      const weights = await (await blobOf(await opened.stream(WEIGHTS))).text();
      return { config, weights, absent: absent.code, cached: opened.cached, log: log.filter((line) => !line.endsWith('vocab.txt')) };
    } finally {
      opened.close();
    }
  };
  const right = () => ({ config: files['config.json'], weights: files[WEIGHTS] });
  const check = async (loaded, cached, lines) => {
    const { config, weights } = loaded;
    assert.deepEqual({ config, weights }, right());
    assert.equal(loaded.cached, cached);
    assert.deepEqual(loaded.log, lines);
  };
  return { origin, files, state, store, load, check };
}

test('a folder whose server gives ETags is stored, and asked about the next time', async (t) => {
  const { origin, files, state, store, load, check } = await setUp(t);
  await check(await load(), true, ['200 config.json', `200 ${WEIGHTS}`]);
  await check(await load(), true, ['304 config.json', `304 ${WEIGHTS}`]);
  const [{ id, endpoint, commit, bytes }] = await store.list();
  assert.deepEqual([id, endpoint, commit], [`${origin}/m/`, origin, 'folder']);
  assert.equal(bytes, files['config.json'].length + files[WEIGHTS].length);

  files[WEIGHTS] += 'more';
  await check(await load(), true, ['304 config.json', `200 ${WEIGHTS}`]);
  state.down = true;
  const offline = await load();
  await check(offline, true, []);
  assert.equal(offline.absent, 'network');
  state.down = false;

  // Of another version nothing is known.
  await check(await load({}, '?v=2'), true, ['200 config.json', `200 ${WEIGHTS}`]);
  await check(await load(), true, ['304 config.json', `304 ${WEIGHTS}`]);
  assert.equal(await store.delete(`${origin}/m/?v=2`), true);
  assert.equal((await store.list()).length, 1);

  delete files['config.json'];
  assert.equal((await failure(load())).code, 'not-found');
  assert.deepEqual((await store.list())[0].files.map(({ file }) => file), [WEIGHTS]);
});

test('of two loads at once one downloads the weights', async (t) => {
  const { load, check, store } = await setUp(t);
  let turn = Promise.resolve();
  store.lock = async () => {
    const before = turn;
    let release;
    turn = new Promise((resolve) => { release = resolve; });
    await before;
    return release;
  };
  const [one, two] = await Promise.all([load(), load()]);
  const lines = [...new Set([...one.log, ...two.log])];
  assert.deepEqual(lines.sort(), ['200 config.json', `200 ${WEIGHTS}`, `304 ${WEIGHTS}`]);
  await check({ ...two, log: [] }, true, []);
});

test('what has no strong ETag, or no length, is not stored', async (t) => {
  for (const etagOf of [() => undefined, (hash) => `W/"${hash}"`]) {
    const { load, check, store } = await setUp(t, { etagOf });
    for (const _ of [1, 2]) await check(await load(), false, ['200 config.json', `200 ${WEIGHTS}`]);
    assert.deepEqual(await store.list(), []);
  }
});

test('what the application promises needs no asking', async (t) => {
  const { files, load, check } = await setUp(t, { etagOf: () => undefined });
  const integrity = Object.fromEntries(Object.entries(files).map(([file, body]) =>
    [file, `sha256-${createHash('sha256').update(body).digest('base64')}`]));
  await check(await load({ integrity }), true, ['200 config.json', `200 ${WEIGHTS}`]);
  await check(await load({ integrity }), true, []);
});
