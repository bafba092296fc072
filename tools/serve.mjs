#!/usr/bin/env node
/**
 * The static server of the demo page, of its tests and of its benches: files of one folder, the strict
 * content security policy as a header, nothing else. Any other static server will do for the built page too.
 *
 *   node tools/serve.mjs [--root DIR] [--port N] [--isolated] [--connect ORIGIN]…
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The demo's policy, word for word what `www/index.html` carries as `<meta>` (a test compares them). */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self' https://huggingface.co https://*.hf.co",
  "style-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Without cross-origin isolation there is no SharedArrayBuffer, so a page with threads needs these. */
const ISOLATION_HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** @type {Record<string, string>} */
const MIME_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ts': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/**
 * @typedef {object} ServeOptions
 * @property {string} root           folder to serve
 * @property {number} [port]         0 (default) takes any free one
 * @property {string} [host]         default 127.0.0.1
 * @property {boolean} [isolated]    cross-origin isolation headers
 * @property {string[]} [connect]    origins to add to connect-src, in the header and in the pages' `<meta>`
 * @property {boolean} [bare]        no policy header at all, as an ordinary static host would serve the folder
 * @property {(path: string) => void} [onRequest]  told the path of every request
 */

/**
 * Serves a folder until `close()`.
 *
 * @param {ServeOptions} options
 * @returns {Promise<{url: string, close: () => Promise<void>}>} `url` ends in a slash
 */
export async function serve({ root, port = 0, host = '127.0.0.1', isolated = false, connect = [], bare = false, onRequest }) {
  const headers = {
    'cache-control': 'no-cache', // ask every time: the answer is a 304 unless the file changed
    'x-content-type-options': 'nosniff',
    ...(bare ? {} : { 'content-security-policy': admit(CONTENT_SECURITY_POLICY, connect) }),
    ...(isolated ? ISOLATION_HEADERS : {}),
  };
  const server = createServer((request, response) => {
    onRequest?.(request.url ?? '/');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    answer(request, response, path.resolve(root), connect).catch((error) => {
      if (response.headersSent) response.destroy(); // the reader left, or the file broke off: nothing more to say
      else sendText(response, 500, error.message);
    });
  });
  const listening = await listen(server, port, host);
  return { url: `http://${host}:${listening.port}/`, close: listening.close };
}

/**
 * Lets a server listen until `close()`, which also ends the connections that it has.
 *
 * @param {import('node:http').Server | import('node:https').Server} server
 * @param {number} [port]  0 (default) takes any free one
 * @param {string} [host]
 * @returns {Promise<{port: number, close: () => Promise<void>}>}
 */
export async function listen(server, port = 0, host = '127.0.0.1') {
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    port: address.port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} root
 * @param {string[]} connect
 */
async function answer(request, response, root, connect) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return sendText(response, 405, 'only GET and HEAD are served');
  }
  const [pathname, query = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const found = await locate(root, pathname);
  if (found === undefined) return sendText(response, 404, 'not found');
  if (found.redirect) {
    response.setHeader('location', `${found.redirect}${query && `?${query}`}`);
    return sendText(response, 301, 'the folder’s address ends in a slash');
  }
  const type = MIME_TYPES[path.extname(found.file)] ?? 'application/octet-stream';
  response.setHeader('content-type', type);
  if (connect.length > 0 && type.startsWith('text/html')) {
    // Both policies hold at once, so an origin admitted by the header must be admitted by the page too.
    const page = Buffer.from(admit(await readFile(found.file, 'utf8'), connect));
    response.setHeader('content-length', page.length);
    return response.end(request.method === 'HEAD' ? undefined : page);
  }
  const etag = `"${found.size.toString(16)}-${found.modified.toString(16)}"`;
  response.setHeader('etag', etag);
  if (request.headers['if-none-match'] === etag) return response.writeHead(304).end();
  response.setHeader('content-length', found.size);
  if (request.method === 'HEAD') return response.end();
  await pipeline(createReadStream(found.file), response);
}

/**
 * The file behind a URL path: never outside `root`, `index.html` for a folder, undefined when there is none.
 *
 * @param {string} root
 * @param {string} pathname
 * @returns {Promise<{file: string, size: number, modified: number, redirect?: string} | undefined>}
 */
async function locate(root, pathname) {
  let file;
  try {
    file = path.join(root, decodeURIComponent(pathname));
  } catch {
    return undefined; // malformed percent-encoding
  }
  if (file.includes('\0') || (file !== root && !file.startsWith(root.replace(/[/\\]*$/, path.sep)))) return undefined;
  const info = await stat(file).catch(() => undefined);
  if (info === undefined) return undefined;
  if (info.isDirectory()) {
    const page = await locate(root, `${pathname.replace(/\/*$/, '')}/index.html`);
    // A page addressed without the slash would resolve its relative links one folder too high.
    return page && !pathname.endsWith('/') ? { ...page, redirect: `/${pathname.replace(/^\/+/, '')}/` } : page;
  }
  if (!info.isFile() || pathname.endsWith('/')) return undefined;
  return { file, size: info.size, modified: Math.round(info.mtimeMs) };
}

/**
 * Adds origins to the connect-src of a policy, wherever it stands in `text`.
 *
 * @param {string} text
 * @param {string[]} origins
 */
function admit(text, origins) {
  return text.replaceAll(/connect-src [^;"]*/g, (directive) => [directive, ...origins].join(' '));
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {string} text
 */
function sendText(response, status, text) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

async function main() {
  const { values } = parseArgs({
    options: {
      root: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
      port: { type: 'string', default: '8080' },
      isolated: { type: 'boolean', default: false },
      connect: { type: 'string', multiple: true, default: [] },
    },
  });
  const { root, isolated } = values;
  const connect = values.connect.map((origin) => new URL(origin).origin);
  if (!(await stat(root).catch(() => undefined))?.isDirectory()) throw new Error(`no such folder: ${root}`);
  for (let port = Number(values.port); ; port += 1) {
    try {
      const { url } = await serve({ root, port, isolated, connect });
      return console.log(url);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
      console.error(`port ${port} is taken, trying ${port + 1}`);
    }
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(`serve: ${error.message}`);
    process.exitCode = 1;
  });
}
