/** The store on a Cache in memory, which fails where it is told to; `store.spec.mjs` has the real one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelsOn } from '../../www/lib/models.js';
import { Store } from '../../www/lib/store/store.js';
import { failure, fakeScope } from './support.mjs';

const PART = 8;
const SHA = 'ab'.repeat(32);
const HUB = { endpoint: 'https://hub.example', id: 'user/model' };
const AT_A = { ...HUB, commit: 'a'.repeat(40) };
const AT_B = { ...HUB, commit: 'b'.repeat(40) };
const AT_C = { ...HUB, commit: 'c'.repeat(40) };
const FILE = 'model.safetensors';

/** A generator of numbers below a bound, the same in every run. */
function random(seed) {
  let state = seed;
  return (bound) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((state >>> 0) ^ (state >>> 13 & 0xffff)) % bound;
  };
}

const bytesOf = (length, next) => Uint8Array.from({ length }, () => next(256));

/** Writes bytes in pieces of 1 to 20, in a buffer that is overwritten afterwards, as a network's may be. */
async function writePieces(writer, bytes, next) {
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.slice(at, at + 1 + next(20));
    await writer.write(piece);
    at += piece.length;
    piece.fill(0);
  }
}

/** Hashes that a thread of their own is at. */
let hashing = 0;
const digest = crypto.subtle.digest.bind(crypto.subtle);
crypto.subtle.digest = async (...what) => {
  hashing += 1;
  return digest(...what).finally(() => { hashing -= 1; });
};

/** Lets what a writer left under way come to its end. */
async function settled() {
  let busy;
  do {
    busy = hashing > 0;
    for (let turn = 0; turn < 8; turn += 1) await new Promise(setImmediate);
  } while (busy || hashing > 0);
}

async function keepWhole(store, snapshot, file, bytes, hash = { sha256: SHA }) {
  const writer = await store.keep(snapshot, file, { size: bytes.length, ...hash });
  await writer.write(bytes);
  return writer.finish();
}

async function collect(chunks) {
  const all = [];
  for await (const chunk of chunks) all.push(chunk.slice());
  return new Uint8Array(Buffer.concat(all));
}

test('whatever happens to a download, the store holds the whole file or none, and goes on where it ended', async () => {
  for (let seed = 1; seed <= 120; seed += 1) {
    const next = random(seed);
    const scope = fakeScope();
    const bytes = bytesOf(next(60), next);
    const facts = { size: bytes.length, sha256: SHA };
    let least = 0; // bytes that have to be there at the next attempt
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const store = new Store(scope, { partBytes: PART });
      const failing = next(3) === 0;
      scope.fails = () => failing && next(4) === 0;
      const writer = await store.keep(AT_A, FILE, facts);
      assert.ok(writer.offset >= least, `seed ${seed}`);
      assert.deepEqual(await collect(writer.arrived()), bytes.slice(0, writer.offset), `seed ${seed}`);
      const whole = next(2) === 0;
      const ended = whole ? bytes.length : writer.offset + next(bytes.length - writer.offset + 1);
      await writePieces(writer, bytes.subarray(writer.offset, ended), next);
      const kept = whole && next(4) > 0 && await writer.finish();
      await settled();
      scope.fails = () => false;
      const entry = await store.open(AT_A, FILE);
      assert.equal(entry !== undefined, kept, `seed ${seed}`);
      least = failing ? 0 : ended - ended % PART;
      if (!entry) continue;
      assert.deepEqual({ size: entry.size, sha256: entry.sha256 }, facts);
      assert.deepEqual(await entry.bytes(), bytes);
      assert.deepEqual(await collect(entry.chunks()), bytes);
      break;
    }
  }
});

test('what had arrived is kept by whole parts, for a file of the same hash only', async () => {
  const bytes = bytesOf(30, random(7));
  const scope = fakeScope();
  const store = new Store(scope, { partBytes: PART });
  const offsetAfter = async (first, second) => {
    await store.clear();
    await (await store.keep(AT_A, FILE, first)).write(bytes.subarray(0, 20));
    await settled();
    return (await store.keep(AT_A, FILE, second)).offset;
  };
  const facts = { size: 30, sha256: SHA };
  assert.equal(await offsetAfter(facts, facts), 16);
  assert.equal(await offsetAfter(facts, { ...facts, size: 31 }), 0);
  assert.equal(await offsetAfter(facts, { ...facts, sha256: 'cd'.repeat(32) }), 0);
  assert.equal(await offsetAfter({ size: 30 }, { size: 30 }), 0);
  // A later version of the package may have other parts.
  await offsetAfter(facts, facts);
  assert.equal((await new Store(scope, { partBytes: 5 }).keep(AT_A, FILE, facts)).offset, 16);
});

test('an entry is the file that is expected, by the size and hash that it was kept with', async () => {
  const store = new Store(fakeScope());
  const found = async (expected) => await store.open(AT_A, FILE, expected) !== undefined;
  await keepWhole(store, AT_A, FILE, new Uint8Array(30));
  const right = [undefined, {}, { size: 30 }, { size: 30, sha256: SHA, blob: 'ef'.repeat(20) }];
  const wrong = [{ size: 31, sha256: SHA }, { sha256: 'cd'.repeat(32) }];
  for (const expected of [...right, ...wrong, ...right]) {
    assert.equal(await found(expected), right.includes(expected), JSON.stringify(expected));
  }
  await keepWhole(store, AT_A, FILE, new Uint8Array(30), {});
  assert.deepEqual([await found(), await found({ sha256: SHA })], [true, false]);
});

test('bytes that are too few, too many or found wrong are not kept', async () => {
  const scope = fakeScope();
  const store = new Store(scope, { partBytes: PART });
  for (const length of [0, 1, 7, 8, 9, 15, 17, 40]) {
    const writer = await store.keep(AT_A, FILE, { size: 16, sha256: SHA });
    await writer.write(new Uint8Array(length));
    assert.equal(await writer.finish(), false, `${length} of 16`);
    assert.equal(scope.urls.size, 0, `${length} of 16`);
  }
  const writer = await store.keep(AT_A, FILE, { size: 16, sha256: SHA });
  await writer.write(new Uint8Array(16));
  await writer.discard();
  assert.equal(await writer.finish(), false);
  assert.equal(scope.urls.size, 0);
});

test('no damage to an entry gets out: it is deleted, and can be kept anew', async () => {
  const bytes = bytesOf(30, random(3));
  const scope = fakeScope();
  const store = new Store(scope, { partBytes: PART });
  await keepWhole(store, AT_A, FILE, bytes);
  const urls = [...scope.urls.keys()];
  assert.equal(urls.length, 5);
  for (const url of urls) {
    for (const damage of ['absent', 'short', 'long']) {
      const original = scope.urls.get(url);
      if (damage === 'absent') scope.urls.delete(url);
      else scope.urls.set(url, damage === 'short' ? original.slice(1) : new Uint8Array([...original, 0]));
      assert.equal(await store.open(AT_A, FILE), undefined, `${damage} ${url}`);
      if (!url.endsWith('=file')) assert.equal(scope.urls.size, 0, `${damage} ${url}`);
      assert.equal(await keepWhole(store, AT_A, FILE, bytes), true);
      assert.equal(scope.urls.size, 5);
      assert.deepEqual(await (await store.open(AT_A, FILE)).bytes(), bytes);
    }
  }
});

test('what happens to an entry while it is read ends the reading with an error, if it is still heard', async () => {
  const bytes = bytesOf(30, random(3));
  const base = `${HUB.endpoint}/${HUB.id}/resolve/${AT_A.commit}/${FILE}`;
  const [first, third] = [`${base}?headwise=0`, `${base}?headwise=2`];
  const other = Uint8Array.from(bytes.subarray(16, 24), (byte, place) => (place === 5 ? byte ^ 1 : byte));
  for (const [url, damage] of [[first, []], [third, []], [third, new Uint8Array(9)], [third, other], [third, undefined]]) {
    const scope = fakeScope();
    const store = new Store(scope, { partBytes: PART });
    await keepWhole(store, AT_A, FILE, bytes);
    const entry = await store.open(AT_A, FILE);
    if (damage) scope.urls.set(url, damage);
    else await modelsOn({ store }).clear();
    const { code, details } = await failure(entry.bytes());
    assert.deepEqual([code, details.file, scope.urls.size], ['integrity', FILE, 0]);
  }
  const scope = fakeScope();
  const store = new Store(scope, { partBytes: PART });
  await keepWhole(store, AT_A, FILE, bytes);
  const chunks = (await store.open(AT_A, FILE)).chunks();
  scope.urls.delete(third);
  await chunks.next();
  await chunks.next();
  await chunks.return();
  await settled(); // an unhandled rejection would fail the test
});

test('no room: the load goes on, and nothing is left', async () => {
  const bytes = bytesOf(30, random(5));
  for (let at = 0; at < 6; at += 1) {
    for (const fails of [(put) => put >= at, (put) => put === at]) {
      const scope = fakeScope({ fails });
      const store = new Store(scope, { partBytes: PART });
      assert.equal(await keepWhole(store, AT_A, FILE, bytes), false, `${at}`);
      await settled();
      assert.equal(scope.urls.size, 0, `${at}`);
    }
  }
  const small = fakeScope({ room: 29 });
  assert.equal(await keepWhole(new Store(small), AT_A, FILE, bytes), false);
  assert.equal(small.urls.size, 0);
  assert.equal(await keepWhole(new Store(fakeScope({ room: 30 })), AT_A, FILE, bytes), true);
});

test('without a cache nothing is found, nothing kept, and nothing fails', async () => {
  const forbidden = { get caches() { throw new DOMException('sandboxed', 'SecurityError'); } };
  const broken = { caches: { open: async () => { throw new DOMException('private', 'SecurityError'); } } };
  for (const scope of [{}, forbidden, broken]) {
    const store = new Store(scope);
    assert.equal(await store.open(AT_A, FILE), undefined);
    assert.equal(await keepWhole(store, AT_A, FILE, new Uint8Array(3)), false);
    await store.remember(AT_A, 'main', { files: {} });
    assert.equal(await store.recall(HUB, 'main'), undefined);
    (await store.lock(AT_A))();
    const models = modelsOn({ store });
    assert.deepEqual(await models.list(), []);
    assert.equal(await models.delete(HUB.id), false);
    await models.clear();
    assert.deepEqual(await models.estimate(), { models: 0, usage: 0, quota: 0, persisted: false });
    assert.equal(await models.persist(), false);
  }
});

test('a new commit replaces the old one, but for what another branch is at', async () => {
  const scope = fakeScope();
  const store = new Store(scope, { partBytes: PART });
  const other = { ...AT_A, id: 'user/other' };
  const mirrored = { ...AT_A, endpoint: 'https://mirror.example/hf' };
  const commits = async () => (await store.list())
    .filter(({ id, endpoint }) => id === HUB.id && endpoint === HUB.endpoint)
    .map(({ commit, revisions }) => [commit[0], ...revisions.sort()]);
  /** @param {typeof AT_A} snapshot @param {string} revision */
  const load = async (snapshot, revision) => {
    await keepWhole(store, snapshot, FILE, new Uint8Array(10));
    await store.remember(snapshot, revision, { files: { [FILE]: { size: 10, sha256: SHA } } });
  };
  await load(other, 'main');
  await load(mirrored, 'main');
  await load(AT_A, 'main');
  await load(AT_A, 'refs/pr/1');
  assert.deepEqual(await commits(), [['a', 'main', 'refs/pr/1']]);
  const stray = ['gone/model.safetensors?headwise=3', 'gone/model.safetensors?headwise=file'];
  for (const url of stray) scope.urls.set(`${HUB.endpoint}/${url}`, new Uint8Array(4));
  await load(AT_B, 'main');
  assert.deepEqual(await commits(), [['a', 'refs/pr/1'], ['b', 'main']]);
  for (const url of stray) assert.equal(scope.urls.has(`${HUB.endpoint}/${url}`), false, url);
  assert.deepEqual(await store.recall(HUB, 'main'),
    { ...AT_B, revision: 'main', files: { [FILE]: { size: 10, sha256: SHA } } });
  assert.equal((await store.recall(HUB, AT_B.commit))?.revision, 'main', 'a commit goes by what is at it');
  await load(AT_B, 'refs/pr/1');
  assert.deepEqual(await commits(), [['b', 'main', 'refs/pr/1']]);
  // Another tab may just be downloading the next commit.
  await keepWhole(store, AT_C, FILE, new Uint8Array(10));
  await store.remember(AT_B, 'main', { files: {} });
  assert.deepEqual(await commits(), [['b', 'main', 'refs/pr/1'], ['c']]);
  // A commit by name is current until another one is loaded.
  await load(AT_A, AT_A.commit);
  assert.deepEqual(await commits(), [['b', 'main', 'refs/pr/1'], ['a', AT_A.commit]]);
  await load(AT_C, AT_C.commit);
  assert.deepEqual(await commits(), [['b', 'main', 'refs/pr/1'], ['c', AT_C.commit]]);
  assert.equal(await store.recall(HUB, AT_A.commit), undefined);
  assert.equal((await store.list()).length, 4);
});

test('the public list, in plain data, and deletion', async () => {
  const scope = fakeScope();
  const store = new Store(scope, { partBytes: PART });
  const models = modelsOn({ store });
  await keepWhole(store, AT_A, 'config.json', new Uint8Array(3), {});
  await (await store.keep(AT_A, 'onnx/a b?.bin', { size: 20, sha256: SHA })).write(new Uint8Array(19));
  await settled();
  await keepWhole(store, { ...AT_A, id: 'gpt' }, 'empty.txt', new Uint8Array(0));
  await store.remember({ ...AT_A, id: 'gpt' }, 'main', { files: {} });
  assert.deepEqual(structuredClone(await models.list()), [
    {
      ...AT_A, revisions: [], bytes: 19, files: [
        { file: 'config.json', size: 3, bytes: 3 },
        { file: 'onnx/a b?.bin', size: 20, bytes: 16, sha256: SHA },
      ],
    },
    {
      ...AT_A, id: 'gpt', revisions: ['main'], bytes: 0,
      files: [{ file: 'empty.txt', size: 0, bytes: 0, sha256: SHA }],
    },
  ]);
  assert.equal((await models.estimate()).models, 19);
  assert.deepEqual(await (await store.open({ ...AT_A, id: 'gpt' }, 'empty.txt')).bytes(), new Uint8Array(0));
  assert.equal(await models.delete('user'), false);
  assert.equal(await models.delete(HUB.id), true);
  assert.deepEqual((await models.list()).map(({ id }) => id), ['gpt']);
  assert.equal(await models.delete('gpt'), true);
  assert.equal(scope.urls.size, 0);
  assert.equal(await models.persist(), true);
});

test('what version 0.1 stored is found', async () => {
  const scope = fakeScope();
  const cache = await scope.caches.open('headwise-1');
  const folder = `${HUB.endpoint}/${HUB.id}/resolve`;
  const [bytes, partBytes] = [Uint8Array.from({ length: 20 }, (_, place) => place), 8];
  for (let part = 0; part < 3; part += 1) {
    const piece = bytes.slice(part * partBytes, (part + 1) * partBytes);
    const headers = { 'x-headwise-sha256': Buffer.from(await crypto.subtle.digest('SHA-256', piece)).toString('hex') };
    await cache.put(`${folder}/${AT_A.commit}/${FILE}?headwise=${part}`, new Response(piece, { headers }));
  }
  await cache.put(`${folder}/${AT_A.commit}/${FILE}?headwise=file`, Response.json({ snapshot: AT_A, file: FILE, size: 20, sha256: SHA, partBytes, whole: true }));
  await cache.put(`${folder}/main?headwise=revision`, Response.json({ ...AT_A, revision: 'main', files: { [FILE]: { size: 20, sha256: SHA } } }));
  const store = new Store(scope);
  assert.deepEqual(await (await store.open(AT_A, FILE, { size: 20, sha256: SHA })).bytes(), bytes);
  assert.equal((await store.recall(HUB, 'main')).commit, AT_A.commit);
  assert.deepEqual((await store.list()).map(({ id, revisions, bytes: held }) => [id, revisions, held]), [[HUB.id, ['main'], 20]]);
});

test('the lock: one holds it at a time, an abort ends the waiting, and where there are no locks nobody waits', async () => {
  /** Locks as a browser has them. */
  let held = Promise.resolve();
  const locks = {
    request: (name, { signal }, work) => {
      const gone = new Promise((_, reject) => { signal?.addEventListener('abort', () => reject(signal.reason)); });
      const done = Promise.race([held, gone]).then(() => work({ name }));
      held = done.catch(() => {});
      return done;
    },
  };
  const store = new Store({ navigator: { locks } });
  const release = await store.lock(AT_A);
  const order = [];
  const second = store.lock(AT_A).then((next) => { order.push('second'); next(); });
  await settled();
  order.push('released');
  release();
  await second;
  assert.deepEqual(order, ['released', 'second']);
  const last = await store.lock(AT_A);
  const controller = new AbortController();
  const waiting = failure(store.lock(AT_A, controller.signal));
  controller.abort('left');
  assert.equal(await waiting, 'left');
  last();
  const useless = { request: async () => { throw new DOMException('no origin', 'SecurityError'); } };
  (await new Store({ navigator: { locks: useless } }).lock(AT_A))();
});
