/** The static server: right types, the policy, nothing from outside its folder. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { CONTENT_SECURITY_POLICY, serve } from '../../tools/serve.mjs';
import { sharedFolder } from './shared.mjs';

const folder = await sharedFolder();
await mkdir(path.join(folder, 'root/sub'), { recursive: true });
await mkdir(path.join(folder, 'root/empty'));
await mkdir(path.join(folder, 'root-beside'));
await writeFile(path.join(folder, 'secret.txt'), 'secret');
await writeFile(path.join(folder, 'root-beside/secret.txt'), 'secret');
await writeFile(path.join(folder, 'root/a b.wasm'), 'wasm');
const policy = `<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">`;
await writeFile(path.join(folder, 'root/sub/index.html'), policy);

/**
 * Sends a path as it is written: `fetch` would tidy it up first.
 *
 * @param {string} url
 * @param {string} pathname
 * @param {import('node:http').RequestOptions} [options]
 * @returns {Promise<{status: number, headers: import('node:http').IncomingHttpHeaders, body: string}>}
 */
const get = (url, pathname, options) => new Promise((resolve, reject) => {
  request(url, { path: pathname, ...options }, async (response) => {
    let body = '';
    for await (const chunk of response) body += chunk;
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
  }).on('error', reject).end();
});

/**
 * @param {Partial<import('../../tools/serve.mjs').ServeOptions>} options
 * @param {(url: string) => Promise<void>} use
 */
async function withServer(options, use) {
  const server = await serve({ root: path.join(folder, 'root'), ...options });
  await use(server.url).finally(() => server.close());
}

test('files, folders, HEAD and 304', () => withServer({}, async (url) => {
  const file = await get(url, '/a%20b.wasm?version=1');
  assert.deepEqual([file.status, file.body, file.headers['content-type'], file.headers['content-length']], [200, 'wasm', 'application/wasm', '4']);
  assert.equal(file.headers['content-security-policy'], CONTENT_SECURITY_POLICY);
  assert.equal(file.headers['cross-origin-embedder-policy'], undefined);
  const head = await get(url, '/a%20b.wasm', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '4']);
  assert.equal((await get(url, '/a%20b.wasm', { headers: { 'if-none-match': file.headers.etag } })).status, 304);
  assert.equal((await get(url, '/sub/')).headers['content-type'], 'text/html; charset=utf-8');
  assert.deepEqual([(await get(url, '/sub?x')).status, (await get(url, '/sub?x')).headers.location], [301, '/sub/?x']);
  assert.equal((await get(url, '/', { method: 'POST' })).status, 405);
}));

test('nothing from outside, no listing', () => withServer({}, async (url) => {
  const outside = ['/../secret.txt', '/%2e%2e/secret.txt', '/sub/..%2f..%2fsecret.txt', '/../root-beside/secret.txt', '//../secret.txt', '/..%5csecret.txt'];
  for (const pathname of [...outside, '/', '/empty/', '/empty', '/nothing', '/%zz', '/a%00', '/a%20b.wasm/']) {
    const { status, body } = await get(url, pathname);
    assert.deepEqual([status, body], [404, 'not found\n'], pathname);
  }
}));

test('an admitted origin stands in both policies; isolation only when asked for', () => withServer({ connect: ['https://mirror.example'], isolated: true }, async (url) => {
  const admitted = CONTENT_SECURITY_POLICY.replace('https://*.hf.co', 'https://*.hf.co https://mirror.example');
  const { headers, body } = await get(url, '/sub/');
  assert.equal(headers['content-security-policy'], admitted);
  assert.ok(body.includes(`content="${admitted}"`), body);
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
  assert.equal(headers['cross-origin-embedder-policy'], 'require-corp');
}));
