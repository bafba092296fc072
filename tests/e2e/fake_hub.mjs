/**
 * A Hub for tests: HTTPS on localhost, behaving like the real one where a client can tell the difference.
 * Chromium is told (`browserFlags`) that huggingface.co and *.hf.co live here, so that the page uses its real
 * URLs, follows the real redirect to another origin and is held by its real content security policy.
 *
 * What a repository contains and what is wrong with it is data: see `REPOSITORIES` in `repositories.mjs`.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';

const CDN = 'cdn-lfs.hf.co';

/** A host outside the page's policy that answers like the Hub. */
export const MIRROR = 'mirror.test';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** What the real Hub lets a page read. */
const EXPOSED_HEADERS = 'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag';

/**
 * What goes wrong with one file.
 *
 * @typedef {object} Fault
 * @property {boolean} [absent]     there is no such file
 * @property {(bytes: Buffer) => Buffer} [change]  other bytes than the repository's
 * @property {string} [type]        other content type
 * @property {number} [breakAfter]  share of the file after which the connection drops
 * @property {number} [stallAfter]  share of the file after which nothing more comes, until the client gives up
 */

/**
 * @typedef {object} Repository
 * @property {string} folder                   where its files lie
 * @property {Record<string, Fault>} [faults]  by file name
 * @property {{status: number, code: string, message: string}} [refusal]  answer to everything
 * @property {string} [token]                  with it there is no refusal
 */

/**
 * @typedef {{host: string, path: string, authorization: string | undefined, status: number, broken: boolean}} LogEntry
 *   `broken`: the client left early
 */

/**
 * @param {Record<string, Repository>} repositories  by id
 * @returns {Promise<{browserFlags: string[], log: LogEntry[], close: () => Promise<void>}>}
 */
export async function startFakeHub(repositories) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'huggingface.co' }]);
  /** @type {LogEntry[]} */
  const log = [];
  const server = createServer({ key, cert }, (request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    response.on('close', () => {
      const { url: path = '', headers: { authorization } } = request;
      log.push({ host, path, authorization, status: response.statusCode, broken: !response.writableFinished });
    });
    const handle = host === CDN ? answerAsCdn : answerAsHub;
    handle(request, response, repositories).catch((error) => {
      console.error('fake Hub:', error);
      response.destroy();
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(undefined)); });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    browserFlags: [
      `--host-resolver-rules=${['huggingface.co', '*.hf.co', MIRROR].map((name) => `MAP ${name}:443 127.0.0.1:${port}`)}`,
      '--ignore-certificate-errors',
    ],
    log,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/**
 * huggingface.co: small files at once, large ones by redirect.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Record<string, Repository>} repositories
 */
async function answerAsHub(request, response, repositories) {
  response.setHeader('access-control-allow-origin', request.headers.origin ?? 'https://huggingface.co');
  response.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
  response.setHeader('vary', 'Origin, Accept-Encoding');
  if (request.method === 'OPTIONS') return answerPreflight(response);
  const [, id, file] = /^\/(.+?)\/resolve\/[^/]+\/(.+?)(?:\?|$)/.exec(request.url ?? '') ?? [];
  const repository = repositories[id];
  // The Hub does not tell strangers whether a repository is missing or private: 401, not 404.
  if (repository === undefined) return refuse(response, { status: 401, code: 'RepoNotFound', message: 'Repository not found' });
  const admitted = repository.token !== undefined && request.headers.authorization === `Bearer ${repository.token}`;
  if (repository.refusal && !admitted) return refuse(response, repository.refusal);
  const fault = repository.faults?.[file] ?? {};
  const bytes = await readFile(path.join(repository.folder, file)).catch(() => undefined);
  if (bytes === undefined || fault.absent) return refuse(response, { status: 404, code: 'EntryNotFound', message: 'Entry not found' });
  response.setHeader('x-repo-commit', COMMIT);
  if (file.endsWith('.safetensors')) {
    response.setHeader('x-linked-size', bytes.length);
    response.setHeader('location', `https://${CDN}/${id}/${file}?Expires=1&Signature=signed`);
    return response.writeHead(302).end();
  }
  response.setHeader('content-type', fault.type ?? 'text/plain; charset=utf-8');
  response.setHeader('content-encoding', 'gzip');
  await send(response, gzipSync(fault.change?.(bytes) ?? bytes), fault); // gzip: no Content-Length, as on the real one
}

/**
 * The CDN: after the redirect a browser sends `Origin: null`, so only `*` lets the page in.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Record<string, Repository>} repositories
 */
async function answerAsCdn(request, response, repositories) {
  response.setHeader('access-control-allow-origin', '*');
  if (request.method === 'OPTIONS') return answerPreflight(response);
  const [, id, file] = /^\/(.+)\/([^/?]+)\?.*Signature=signed/.exec(request.url ?? '') ?? [];
  const repository = repositories[id];
  if (repository === undefined) return refuse(response, { status: 403, code: 'AccessDenied', message: 'Access denied' });
  const fault = repository.faults?.[file] ?? {};
  const original = await readFile(path.join(repository.folder, file));
  const bytes = fault.change?.(original) ?? original;
  response.setHeader('content-type', 'binary/octet-stream');
  response.setHeader('content-length', bytes.length);
  await send(response, bytes, fault);
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {Buffer} bytes
 * @param {Fault} fault
 */
async function send(response, bytes, { breakAfter, stallAfter }) {
  const share = breakAfter ?? stallAfter;
  if (share === undefined) return response.end(bytes);
  await new Promise((resolve) => { response.write(bytes.subarray(0, Math.floor(bytes.length * share)), resolve); });
  if (breakAfter !== undefined) response.socket?.end(); // orderly, so that what was sent still arrives
}

/** @param {import('node:http').ServerResponse} response */
function answerPreflight(response) {
  response.setHeader('access-control-allow-methods', 'GET, HEAD, OPTIONS');
  response.setHeader('access-control-allow-headers', 'authorization, range');
  response.writeHead(204).end();
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {{status: number, code: string, message: string}} refusal
 */
function refuse(response, { status, code, message }) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-error-code': code, 'x-error-message': message });
  response.end(message);
}
