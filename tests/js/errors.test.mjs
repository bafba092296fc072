/** The list of codes, and what is found out of a request that got no answer. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { underPolicy } from '../../www/lib/base/policy.js';
import { HeadwiseError } from '../../www/lib/errors.js';
import { Patience } from '../../www/lib/fetch/retry.js';
import { requester } from '../../www/lib/fetch/request.js';
import { meantFolder, resolveModel } from '../../www/lib/source/hub.js';

const ROOT = new URL('../../', import.meta.url);
const read = (file) => readFile(new URL(file, ROOT), 'utf8');

/** The codes of a union in `errors.js`, in those it is made of too. */
function unionOf(text, name) {
  const [, words] = new RegExp(`@typedef \\{([^}]*)\\} ${name}\\n`).exec(text);
  return words.replaceAll('*', '').split('|').map((word) => word.trim())
    .flatMap((word) => (word.startsWith("'") ? word.slice(1, -1) : unionOf(text, word)));
}

test('the union has the codes that occur, no others, and each is explained', async () => {
  const files = (await readdir(new URL('www/lib', ROOT), { recursive: true }))
    .filter((file) => file.endsWith('.js') && !/^(types|wasm|inline)\//.test(file));
  const sources = await Promise.all(files.map((file) => read(`www/lib/${file}`)));
  const thrown = sources.flatMap((text) => [...text.matchAll(/(?:HeadwiseError\(|\bcode: )'([a-z-]+)'/g)].map(([, code]) => code));
  const [errors, web] = await Promise.all([read('src/error.rs'), read('src/web/error.rs')]);
  const inWasm = [...errors.matchAll(/Error::\w+ \{ \.\. \} => "([a-z-]+)"/g), ...web.matchAll(/js_error\(reason, "([a-z-]+)"/g)]
    .map(([, code]) => code).filter((code) => code !== 'io'); // of files on disk
  assert.ok(thrown.length > 30 && inWasm.length > 15, 'codes are found');
  const codes = unionOf(await read('www/lib/errors.js'), 'ErrorCode');
  assert.deepEqual([...codes].sort(), [...new Set([...thrown, ...inWasm])].sort());
  const explained = [...(await read('docs/errors.md')).matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(explained.sort(), [...codes].sort());
});

/** Makes this thread one of a page, whose requests `answer`. */
function onPage(t, origin, answer) {
  const page = new EventTarget();
  const log = [];
  const globals = {
    origin,
    location: { href: `${origin}/app/` },
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
    fetch: async (url, init = {}) => {
      log.push(`${init.method ?? 'GET'} ${init.mode} ${url}`);
      const body = answer(url, init, page);
      if (body === undefined) throw new TypeError('Failed to fetch');
      return new Response(body);
    },
  };
  for (const [name, value] of Object.entries(globals)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    t.after(() => (before ? Object.defineProperty(globalThis, name, before) : delete globalThis[name]));
  }
  return log;
}

/** The error that a file's request ends with, after as many tries as it is worth. */
async function failureOf(url, options) {
  const { signal } = new AbortController();
  const get = requester({ endpoint: 'https://hub.example', signal, ...options });
  const patience = new Patience(signal, async () => {});
  try {
    for (;;) await get(url, { file: 'config.json' }).catch((error) => patience.after(error));
  } catch (error) {
    return error;
  }
}

/** A policy that forbids what begins so. */
const forbidding = (start, directive, disposition = 'enforce') => (url, _, page) => {
  if (!url.startsWith(start)) return '{}';
  const event = Object.assign(new Event('securitypolicyviolation'), { disposition, effectiveDirective: directive, blockedURI: url });
  setTimeout(() => page.dispatchEvent(event));
};

test('a policy without connect-src', async (t) => {
  const log = onPage(t, 'https://site.example', forbidding('https://huggingface.co/', 'connect-src'));
  const error = await failureOf('https://huggingface.co/a/b');
  assert.deepEqual([error.code, error.details.directive], ['policy', 'connect-src']);
  assert.match(error.message, /add https:\/\/huggingface\.co https:\/\/\*\.hf\.co to its connect-src\.$/);
  assert.equal(log.length, 1, 'another try would end as this one');
});

test('a policy that only reports, or forbids something else, is no reason', async (t) => {
  for (const policy of [forbidding('https://cdn.example/', 'connect-src', 'report'), forbidding('https://cdn.example/', 'img-src')]) {
    onPage(t, 'https://site.example', policy);
    assert.equal((await failureOf('https://cdn.example/m')).code, 'network');
  }
});

test('CORS, or no network: told by a request that reads nothing, after the last try', async (t) => {
  const log = onPage(t, 'https://site.example', (url, { mode }) => (mode === 'no-cors' && url.includes('cdn') ? '' : undefined));
  const error = await failureOf('https://cdn.example/m');
  assert.equal(error.code, 'cors');
  assert.match(error.message, /https:\/\/cdn\.example .*“Access-Control-Allow-Origin: https:\/\/site\.example”/);
  assert.deepEqual(log, [...Array(4).fill('GET cors https://cdn.example/m'), 'HEAD no-cors https://cdn.example/m']);
  assert.equal((await failureOf('https://away.example/m')).code, 'network');
});

test('nothing leaves the origin to find out', async (t) => {
  const log = onPage(t, 'https://site.example', () => undefined);
  assert.equal((await failureOf('https://site.example/m', { allow_remote: false })).code, 'network');
  assert.deepEqual(log, Array(4).fill('GET same-origin https://site.example/m'));
});

test('mixed content', async (t) => {
  onPage(t, 'https://site.example', () => undefined);
  const error = await failureOf('http://cdn.example/m');
  assert.deepEqual([error.code, error.details.url], ['mixed-content', 'http://cdn.example/m']);
  assert.equal((await failureOf('http://localhost:8000/m')).code, 'network', 'browsers admit it');
});

test('where nothing is lost on the way, what cannot be fetched is not there', async (t) => {
  const log = onPage(t, 'chrome-extension://abc', () => undefined);
  assert.equal((await failureOf('chrome-extension://abc/m/vocab.txt')).code, 'not-found');
  assert.equal(log.length, 1);
  const error = await failureOf('file:///m/config.json');
  assert.equal(error.code, 'not-found');
  assert.match(error.message, /pipeline\(task, input\.files\)/);
});

test('a Hub id that was meant as a folder', async (t) => {
  const source = resolveModel('models/emotions');
  const unknown = new HeadwiseError('access', 'Cannot fetch it.', { status: 401 });
  const log = onPage(t, 'https://site.example', (url) => (url.endsWith('/app/models/emotions/config.json') ? ' {}' : '<!doctype html>'));
  const error = await meantFolder(unknown, source);
  assert.deepEqual([error.code, error.details.supported], ['access', ['./models/emotions']]);
  assert.match(error.message, /write “\.\/models\/emotions”/);
  assert.equal(await meantFolder(unknown, resolveModel('models/other')), unknown, 'a page for every address is no folder');
  const stored = new HeadwiseError('not-found', 'It is not stored here.');
  log.length = 0;
  const revision = new HeadwiseError('not-found', '', { status: 404, reason: 'RevisionNotFound' });
  for (const other of [stored, revision, new HeadwiseError('network', ''), new TypeError()]) assert.equal(await meantFolder(other, source), other);
  assert.equal(await meantFolder(unknown, resolveModel('./models/emotions')), unknown);
  assert.deepEqual(log, []);
});

test('a policy without worker-src names what it lacks', async (t) => {
  onPage(t, 'https://site.example', forbidding('https://cdn.example/', 'worker-src'));
  const start = async (url) => underPolicy('worker-src', () => fetch(url));
  await assert.rejects(start('https://cdn.example/worker.js'), { code: 'policy', details: {
    directive: 'worker-src', source: 'https://cdn.example', url: 'https://cdn.example/worker.js' } });
});
