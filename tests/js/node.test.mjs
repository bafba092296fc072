/** The package in Node with the real module: models on disk and of a Hub, each in a process that has to end by itself. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { startPlainHub } from '../e2e/fake_hub.mjs';
import { cacheFolder, hubOptions } from '../../www/lib/node/environment.js';
import { FolderFiles, folderOf } from '../../www/lib/node/folder.js';
import { DiskLocks } from '../../www/lib/node/locks.js';

const ENTRY = new URL('../../www/lib/node.js', import.meta.url).href;
const MODEL = fileURLToPath(new URL('../golden/hub/tiny-bert/', import.meta.url));
const { cases: [{ text: TEXT, results: EXPECTED }] } = JSON.parse(await readFile(`${MODEL}expected.json`, 'utf8'));

/** A folder until the test ends. */
async function temporary(t) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'headwise-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Prints what `body` of a module returns, whose errors too are results; resolves when the process has ended by itself. */
async function run(body, { env = {}, cwd = os.tmpdir() } = {}) {
  const script = `
    import { pipeline, models, AutoTokenizer, AutoConfig } from ${JSON.stringify(ENTRY)};
    const caught = ({ name, code, message, details }) => ({ name, code, message, details });
    const result = await (async () => { ${body} })().catch(caught);
    console.log(JSON.stringify(result));`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script],
    { cwd, timeout: 15_000, env: { ...process.env, HF_TOKEN: '', HF_ENDPOINT: '', ...env } });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

const LOAD = (model, options = {}) => `
  const classify = await pipeline('text-classification', ${model}, ${JSON.stringify(options)});
  return { results: await classify(${JSON.stringify(TEXT)}, { top_k: null }), ...classify.model };`;

function assertExpected({ results, ...rest }) {
  assert.ok(results, JSON.stringify(rest));
  const scores = Object.fromEntries(results.map(({ label, score }) => [label, score]));
  for (const { label, score } of EXPECTED) assert.ok(Math.abs(scores[label] - score) <= 1e-4, `${label}: ${scores[label]}, ${score}`);
}

/** A Hub with the model, and the environment of a process that asks it and keeps what it gets. */
async function hubOf(t, repository = {}) {
  const hub = await startPlainHub({ 'tiny/bert': { folder: MODEL, ...repository } });
  t.after(() => hub.close());
  const cache = await temporary(t);
  return { hub, cache, env: { HF_ENDPOINT: hub.endpoint, HEADWISE_CACHE: cache } };
}

test('a folder by path and by URL, in a thread and in the calling one', async () => {
  const relative = `./${path.basename(MODEL)}`;
  for (const [model, options] of [[JSON.stringify(relative)], [JSON.stringify(MODEL)], [`new URL(${JSON.stringify(pathToFileURL(MODEL))})`],
    [JSON.stringify(relative), { worker: false }], [JSON.stringify(pathToFileURL(MODEL)), { dtype: 'q8' }]]) {
    const loaded = await run(LOAD(model, options), { cwd: path.dirname(MODEL.slice(0, -1)) });
    if (options?.dtype) assert.equal(loaded.dtype, 'q8');
    else assertExpected(loaded);
    assert.equal(loaded.cached, false);
  }
});

test('what is a folder, and where models are kept', () => {
  assert.equal(folderOf('./model'), path.resolve('model'));
  assert.equal(folderOf('..'), path.resolve('..'));
  assert.equal(folderOf('file:///a%20b/model'), path.resolve('/a b/model'));
  for (const other of ['user/model', 'bert', 'https://example.com/model/', '.hidden/model']) assert.equal(folderOf(other), undefined);
  const at = (env, platform = 'linux') => cacheFolder({ env, platform });
  assert.equal(at({ HEADWISE_CACHE: '/a', XDG_CACHE_HOME: '/b' }), path.resolve('/a'));
  assert.equal(at({ XDG_CACHE_HOME: '/b' }), path.resolve('/b/headwise'));
  assert.equal(at({}), path.join(os.homedir(), '.cache/headwise'));
  assert.equal(at({}, 'darwin'), path.join(os.homedir(), 'Library/Caches/headwise'));
  assert.equal(at({ LOCALAPPDATA: '/local' }, 'win32'), path.join('/local', 'headwise'));
  assert.deepEqual(hubOptions({ HF_TOKEN: 'hf', HF_ENDPOINT: '' }), { token: 'hf' });
});

test('what is wrong with a folder is said with its path', async (t) => {
  const folder = await temporary(t);
  const absent = await run(LOAD("'./nowhere'"), { cwd: folder });
  assert.deepEqual([absent.code, absent.details], ['not-found', { folder: path.join(folder, 'nowhere') }]);
  assert.match(absent.message, /There is no folder .*nowhere/);
  await writeFile(path.join(folder, 'notes.txt'), '');
  const empty = await run(LOAD("'.'"), { cwd: folder });
  assert.deepEqual([empty.code, empty.details.file, empty.details.found], ['not-found', 'config.json', ['notes.txt']]);
  assert.ok(empty.message.includes(folder) && empty.message.includes('notes.txt'), empty.message);
  const file = await run(LOAD("'./notes.txt'"), { cwd: folder });
  assert.deepEqual([file.code, file.details.folder], ['not-found', path.join(folder, 'notes.txt')]);
});

test('names of files lead nowhere else', async () => {
  const files = new FolderFiles(MODEL);
  for (const name of ['../tiny-bart/config.json', '/etc/hosts', 'a//b']) await assert.rejects(files.read(name), { code: 'model' }, name);
});

test('a model of a Hub is kept on disk, and needs no network afterwards', async (t) => {
  const { hub, env, cache } = await hubOf(t);
  const first = await run(LOAD("'tiny/bert'"), { env });
  assertExpected(first);
  assert.equal(first.cached, true);
  const weights = () => hub.log.filter(({ path: asked }) => asked.includes('.safetensors')).length;
  assert.equal(weights(), 2, 'the Hub, and its CDN');
  assertExpected(await run(LOAD("'tiny/bert'"), { env }));
  assert.equal(weights(), 2);
  const offline = { HF_ENDPOINT: hub.endpoint, HEADWISE_CACHE: '' };
  hub.down = true;
  assertExpected(await run(LOAD("'tiny/bert'", { local_files_only: true, cache_dir: cache }), { env: offline }));
  const about = await run('return { list: await models.list(), estimate: await models.estimate(), deleted: await models.delete("tiny/bert"), left: await models.list() };', { env });
  assert.deepEqual(about.list.map(({ id, revisions }) => [id, revisions]), [['tiny/bert', ['main']]]);
  assert.ok(about.estimate.models > 150_000 && about.estimate.quota > about.estimate.usage && about.estimate.persisted);
  assert.deepEqual([about.deleted, about.left], [true, []]);
  assert.deepEqual(await readdir(path.join(cache, 'headwise-1')), [], 'empty folders go as well');
});

test('the option cache_dir, relative to the process', async (t) => {
  const { env, cache } = await hubOf(t);
  const cwd = await temporary(t);
  assert.equal((await run(LOAD("'tiny/bert'", { cache_dir: './kept' }), { env, cwd })).cached, true);
  assert.deepEqual(await readdir(cwd), ['kept']);
  assert.deepEqual(await readdir(cache), []);
});

test('where nothing can be kept, the model works', async (t) => {
  const { env } = await hubOf(t);
  const loaded = await run(LOAD("'tiny/bert'"), { env: { ...env, HEADWISE_CACHE: path.join(MODEL, 'config.json', 'cache') } });
  assertExpected(loaded);
  assert.equal(loaded.cached, false);
});

test('the token of the environment goes to the endpoint alone', async (t) => {
  const refusal = { status: 401, code: 'GatedRepo', message: 'Access is restricted' };
  const { hub, env } = await hubOf(t, { refusal, token: 'hf_secret' });
  const refused = await run(LOAD("'tiny/bert'"), { env });
  assert.equal(refused.code, 'access');
  hub.log.length = 0;
  assertExpected(await run(LOAD("'tiny/bert'"), { env: { ...env, HF_TOKEN: 'hf_secret' } }));
  for (const { path: asked, authorization } of hub.log) {
    assert.equal(authorization, asked.includes('Signature') ? undefined : 'Bearer hf_secret', asked);
  }
});

test('a download that broke off goes on where it ended', async (t) => {
  // Larger than the part that is put at once.
  const folder = await temporary(t);
  const { env, hub } = await hubOf(t, { folder, faults: { 'model.safetensors': { times: 1, stallAfter: 0.7 } } });
  await cp(MODEL, folder, { recursive: true });
  const weights = await readFile(`${MODEL}model.safetensors`);
  const length = Number(weights.readBigUInt64LE());
  const header = JSON.parse(weights.subarray(8, 8 + length));
  const body = weights.subarray(8 + length);
  const more = Buffer.alloc(10_000_000);
  header['bert.embeddings.position_ids'] = { dtype: 'F32', shape: [more.length / 4], data_offsets: [body.length, body.length + more.length] };
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path.join(folder, 'model.safetensors'), Buffer.concat([prefix, text, body, more]));
  const broken = await run(`
    const controller = new AbortController();
    const loading = pipeline('text-classification', 'tiny/bert', { signal: controller.signal });
    loading.catch(() => {});
    const kept = async () => (await models.list())[0]?.files.find(({ file }) => file === 'model.safetensors')?.bytes;
    while (await kept() !== 4194304) await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    return loading;`, { env });
  assert.equal(broken.name, 'AbortError');
  hub.log.length = 0;
  assertExpected(await run(LOAD("'tiny/bert'"), { env }));
  assert.deepEqual(hub.log.filter(({ path: asked }) => asked.includes('Signature')).map(({ range }) => range), ['bytes=4194304-']);
});

test('two processes that start at once download once, and a lock of the dead holds nobody', async (t) => {
  const { env, hub, cache } = await hubOf(t);
  for (const loaded of await Promise.all([1, 2, 3].map(() => run(LOAD("'tiny/bert'"), { env })))) assertExpected(loaded);
  assert.equal(hub.log.filter(({ path: asked }) => asked.includes('Signature')).length, 1);
  const locks = path.join(cache, 'locks');
  assert.deepEqual(await readdir(locks), []);
  const child = execFile(process.execPath, ['--input-type=module', '-e', `
    import { DiskLocks } from ${JSON.stringify(new URL('../../www/lib/node/locks.js', import.meta.url))};
    new DiskLocks(${JSON.stringify(locks)}).request('one', {}, async () => { console.log('held'); await new Promise((resolve) => setTimeout(resolve, 60_000)); });`]);
  await once(child.stdout, 'data');
  const order = [];
  const held = new DiskLocks(locks).request('one', {}, async () => order.push('mine'));
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  order.push('killed');
  child.kill('SIGKILL');
  await held;
  assert.deepEqual(order, ['killed', 'mine']);
  assert.deepEqual(await readdir(locks), []);
});

test('damage of what is kept is found, and fetched again', async (t) => {
  const { env, hub, cache } = await hubOf(t);
  await run(LOAD("'tiny/bert'"), { env });
  const entries = await readdir(cache, { recursive: true });
  const part = path.join(cache, entries.find((name) => name.endsWith(path.join('model.safetensors', 'headwise%3D0'))));
  const bytes = await readFile(part);
  bytes[bytes.length - 100] ^= 1;
  await writeFile(part, bytes);
  hub.log.length = 0;
  assertExpected(await run(LOAD("'tiny/bert'"), { env }));
  assert.equal(hub.log.filter(({ path: asked }) => asked.includes('Signature')).length, 1);
});

test('tokenizers and configurations by themselves, locks, and the files of what was loaded', async (t) => {
  const { env } = await hubOf(t);
  const seen = await run(`
    const tokenizer = await AutoTokenizer.from_pretrained(${JSON.stringify(MODEL)}, { worker: false });
    const config = await AutoConfig.from_pretrained('tiny/bert');
    const classify = await pipeline('text-classification', 'tiny/bert', { dtype: 'q8' });
    const files = await classify.files();
    const again = await pipeline('text-classification', files);
    const lock = await models.lock('tiny/bert');
    const same = await models.lock(${JSON.stringify(MODEL)});
    return { ids: (await tokenizer('a')).input_ids.dims, type: config.model_type, names: files.map(({ name }) => name).sort(), dtype: again.model.dtype, lock, same };`, { env });
  assert.deepEqual([seen.ids, seen.type, seen.dtype], [[1, 3], 'bert', 'q8']);
  assert.deepEqual(seen.names, Object.keys(seen.lock.integrity).sort());
  assert.deepEqual(seen.same.integrity, seen.lock.integrity);
  assert.match(seen.lock.commit, /^[0-9a-f]{40}$/);
});
