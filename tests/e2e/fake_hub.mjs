/**
 * A Hub for tests: HTTPS on localhost, behaving like the real one where a client can tell the difference.
 * Chromium is told (`browserFlags`) that huggingface.co and *.hf.co live here, so that the page uses its real
 * URLs, follows the real redirect to another origin and is held by its real content security policy.
 *
 * What a repository contains and what is wrong with it is data: see `REPOSITORIES` in `repositories.mjs`.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { listen } from '../../tools/serve.mjs';

const CDN = 'cdn-lfs.hf.co';

/** A mirror outside the page's policy: it has the files of the Hub, neither its API nor its headers. */
export const MIRROR = 'mirror.test';

/** The commit to which `main` of every repository points at first. */
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** What the real Hub lets a page read. */
const EXPOSED_HEADERS = 'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag';

/**
 * What goes wrong with one file.
 *
 * @typedef {object} Fault
 * Of the repository, so that the manifest agrees:
 * @property {boolean} [absent]     there is no such file
 * @property {(bytes: Buffer) => Buffer} [change]  other bytes than the folder's
 * @property {boolean} [noRanges]   parts cannot be asked for
 *
 * On the way:
 * @property {number} [times]       how many answers are affected; all by default
 * @property {number} [status]      the answer is this error
 * @property {string} [retryAfter]  and has this header
 * @property {(bytes: Buffer) => Buffer} [damage]  other bytes than the manifest says
 * @property {string} [type]        other content type
 * @property {number} [breakAfter]  share of the answer after which the connection drops
 * @property {number} [stallAfter]  share of the answer after which nothing more comes, until the client gives up
 */

/**
 * @typedef {object} Repository
 * @property {string} folder                   where its files lie
 * @property {Record<string, Buffer>} [files]  more files than the folder has
 * @property {Record<string, Fault>} [faults]  by file name
 * @property {{status: number, code: string, message: string}} [refusal]  answer to everything
 * @property {string} [token]                  with it there is no refusal
 * @property {string} [commit]                 where `main` is
 * @property {Conversion} [conversion]         a pull request that adds the safetensors, which `main` lacks
 */

/** @typedef {{author?: string, status?: string, onTopOf?: string}} Conversion  what is odd about it, if anything */

/** The pull request's number and commit. */
export const CONVERSION = { revision: 'refs/pr/7', commit: 'fedcba9876543210fedcba9876543210fedcba98' };

/**
 * @typedef {{host: string, path: string, authorization: string | undefined, range: string | undefined, status: number, broken: boolean}} LogEntry
 *   `broken`: the client left early
 */

/**
 * @param {Record<string, Repository>} repositories  by id
 * @returns {Promise<{browserFlags: string[], log: LogEntry[], down: boolean, close: () => Promise<void>}>}
 *   `down`: to be set while there is no network
 */
export async function startFakeHub(repositories) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'huggingface.co' }]);
  /** @type {LogEntry[]} */
  const log = [];
  const hub = new Answers(repositories);
  const server = createServer({ key, cert }, (request, response) => {
    if (running.down) return response.destroy();
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    response.on('close', () => {
      const { url: path = '', headers: { authorization, range } } = request;
      log.push({ host, path, authorization, range, status: response.statusCode, broken: !response.writableFinished });
    });
    const answered = host === CDN ? hub.answerAsCdn(request, response) : hub.answerAsHub(request, response, host === MIRROR);
    answered.catch((error) => {
      console.error('fake Hub:', error);
      response.destroy();
    });
  });
  const { port, close } = await listen(server);
  const redirected = ['huggingface.co', '*.hf.co', MIRROR].map((name) => `MAP ${name}:443 127.0.0.1:${port}`);
  const running = {
    down: false,
    browserFlags: [`--host-resolver-rules=${redirected}`, '--ignore-certificate-errors'],
    log,
    close,
  };
  return running;
}

/**
 * The same for a client that can be told another endpoint: without TLS, the Hub at `127.0.0.1`, the CDN at `localhost`.
 *
 * @param {Record<string, Repository>} repositories  by id
 * @returns {Promise<{endpoint: string, log: {path: string, range: string | undefined, authorization: string | undefined}[], down: boolean, close: () => Promise<void>}>}
 */
export async function startPlainHub(repositories) {
  /** @type {{path: string, range: string | undefined, authorization: string | undefined}[]} */
  const log = [];
  const server = createPlainServer((request, response) => {
    if (running.down) return response.destroy();
    const { url: path = '', headers: { host = '', authorization, range } } = request;
    log.push({ path, range, authorization });
    const answered = host.startsWith('localhost') ? hub.answerAsCdn(request, response) : hub.answerAsHub(request, response, false);
    answered.catch(() => response.destroy());
  });
  const { port, close } = await listen(server);
  const hub = new Answers(repositories, `http://localhost:${port}`);
  const running = { endpoint: `http://127.0.0.1:${port}`, log, down: false, close };
  return running;
}

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

class Answers {
  #repositories;
  #cdn;
  /** How often each file was asked for. @type {Map<string, number>} */
  #asked = new Map();

  /** @param {Record<string, Repository>} repositories @param {string} [cdn]  its origin */
  constructor(repositories, cdn = `https://${CDN}`) {
    this.#repositories = repositories;
    this.#cdn = cdn;
  }

  /**
   * huggingface.co: the manifest and small files at once, large ones by redirect.
   *
   * @param {Request} request
   * @param {Response} response
   * @param {boolean} isMirror
   */
  async answerAsHub(request, response, isMirror) {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? 'https://huggingface.co');
    if (!isMirror) response.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
    response.setHeader('vary', 'Origin, Accept-Encoding');
    if (request.method === 'OPTIONS') return answerPreflight(response);
    const url = request.url ?? '';
    const [, asked, question] = /^\/api\/models\/(.+?)\/(discussions|commits)\b/.exec(url) ?? [];
    if (asked && !isMirror) return answerAboutConversion(response, question, this.#repositories[asked]);
    const [, listed, listedRevision] = /^\/api\/models\/(.+?)\/revision\/([^/]+)\?blobs=true$/.exec(url) ?? [];
    const [, resolved, resolvedRevision, address = ''] = /^\/(.+?)\/resolve\/([^/]+)\/(.+?)(?:\?|$)/.exec(url) ?? [];
    const file = decodeURIComponent(address);
    if (listed && isMirror) return response.writeHead(404).end();
    const [id, revision] = listed ? [listed, listedRevision] : [resolved, resolvedRevision];
    const repository = this.#repositories[id];
    // The Hub does not tell strangers whether a repository is missing or private: 401, not 404.
    if (repository === undefined) return refuse(response, { status: 401, code: 'RepoNotFound', message: 'Repository not found' });
    const { commit: head = COMMIT, conversion } = repository;
    const converted = conversion !== undefined && [encodeURIComponent(CONVERSION.revision), CONVERSION.commit].includes(revision);
    if (!['main', head].includes(revision) && !converted) return refuse(response, { status: 404, code: 'RevisionNotFound', message: 'Invalid rev id' });
    const sha = converted ? CONVERSION.commit : head;
    /** A pickle on `main`, safetensors in the pull request. @param {string} name */
    const isThere = (name) => conversion === undefined || converted || !name.endsWith('.safetensors');
    response.setHeader('x-repo-commit', sha);
    if (listed) {
      response.setHeader('content-type', 'application/json; charset=utf-8');
      const files = await siblings(repository);
      return response.end(JSON.stringify({ sha, siblings: files.filter(({ rfilename }) => isThere(rfilename)) }));
    }
    const admitted = repository.token !== undefined && request.headers.authorization === `Bearer ${repository.token}`;
    if (repository.refusal && !admitted) return refuse(response, repository.refusal);
    const bytes = isThere(file) ? await readContent(repository, file) : undefined;
    if (bytes === undefined) return refuse(response, { status: 404, code: 'EntryNotFound', message: 'Entry not found' });
    if (isLarge(file)) {
      response.setHeader('x-linked-size', bytes.length);
      response.setHeader('location', `${this.#cdn}/${id}/${encodeURIComponent(file)}?Expires=1&Signature=signed`);
      return response.writeHead(302).end();
    }
    const fault = this.#faultOf(id, file);
    if (fault.status) return fail(response, fault);
    response.setHeader('content-type', fault.type ?? 'text/plain; charset=utf-8');
    const arriving = fault.damage?.(bytes) ?? bytes;
    if (!/\bgzip\b/.test(`${request.headers['accept-encoding']}`)) return send(response, arriving, fault);
    response.setHeader('content-encoding', 'gzip');
    return send(response, gzipSync(arriving), fault); // no Content-Length, as on the real one
  }

  /**
   * The CDN: after the redirect a browser sends `Origin: null`, so only `*` lets the page in.
   *
   * @param {Request} request
   * @param {Response} response
   */
  async answerAsCdn(request, response) {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'Accept-Ranges,Content-Range,ETag');
    if (request.method === 'OPTIONS') return answerPreflight(response);
    const [, id, address = ''] = /^\/(.+)\/([^/?]+)\?.*Signature=signed/.exec(request.url ?? '') ?? [];
    const file = decodeURIComponent(address);
    const repository = this.#repositories[id];
    const content = repository && await readContent(repository, file);
    if (content === undefined) return refuse(response, { status: 403, code: 'AccessDenied', message: 'Access denied' });
    const fault = this.#faultOf(id, file);
    if (fault.status) return fail(response, fault);
    const bytes = fault.damage?.(content) ?? content;
    const from = fault.noRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0 && from >= bytes.length) return response.writeHead(416).end();
    response.statusCode = from > 0 ? 206 : 200;
    if (from > 0) response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    response.setHeader('etag', `"${hash('sha256', id + file)}"`); // 64 digits, which are not those of the bytes
    response.setHeader('content-type', fault.type ?? 'binary/octet-stream');
    response.setHeader('content-length', bytes.length - from);
    await send(response, bytes.subarray(from), fault);
  }

  /**
   * What goes wrong this time.
   *
   * @param {string} id
   * @param {string} file
   * @returns {Fault}
   */
  #faultOf(id, file) {
    const asked = (this.#asked.get(`${id}/${file}`) ?? 0) + 1;
    this.#asked.set(`${id}/${file}`, asked);
    const { times = Infinity, noRanges, ...fault } = this.#repositories[id].faults?.[file] ?? {};
    return asked <= times ? { noRanges, ...fault } : { noRanges };
  }
}

/**
 * The pull requests of a repository, and the commits of the one there is.
 *
 * @param {Response} response
 * @param {string} question
 * @param {Repository | undefined} repository
 */
function answerAboutConversion(response, question, { conversion } = { folder: '' }) {
  const { author = 'SFconvertbot', status = 'open', onTopOf = COMMIT } = conversion ?? {};
  const common = { status, isPullRequest: true, author: { name: author, type: 'user' } };
  const request = { ...common, num: 7, title: 'Adding `safetensors` variant of this model' };
  const discussions = [{ ...common, num: 5, title: 'Fix a typo' }, ...conversion ? [request] : []];
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(question === 'commits' ? [{ id: CONVERSION.commit }, { id: onTopOf }] : { discussions, count: discussions.length }));
}

/** @param {string} file */
const isLarge = (file) => file.endsWith('.safetensors');

/**
 * A file as it was pushed.
 *
 * @param {Repository} repository
 * @param {string} file
 */
async function readContent({ folder, files, faults }, file) {
  if (faults?.[file]?.absent) return undefined;
  const bytes = files?.[file] ?? await readFile(path.join(folder, file)).catch(() => undefined);
  return bytes && (faults?.[file]?.change?.(bytes) ?? bytes);
}

/** The files of a manifest: large ones with their SHA-256, small ones with their hash in git. @param {Repository} repository */
async function siblings(repository) {
  const inFolder = (await readdir(repository.folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    .map((entry) => path.relative(repository.folder, path.join(entry.parentPath ?? entry.path, entry.name)));
  const names = new Set([...inFolder, ...Object.keys(repository.files ?? {})]);
  const listed = await Promise.all([...names].map(async (rfilename) => {
    const bytes = await readContent(repository, rfilename);
    if (bytes === undefined) return [];
    const size = bytes.length;
    return isLarge(rfilename)
      ? [{ rfilename, size, blobId: hash('sha1', 'pointer'), lfs: { sha256: hash('sha256', bytes), size, pointerSize: 134 } }]
      : [{ rfilename, size, blobId: hash('sha1', `blob ${size}\0`, bytes) }];
  }));
  return listed.flat();
}

/** @param {string} algorithm @param {...(string | Buffer)} parts */
function hash(algorithm, ...parts) {
  const sum = createHash(algorithm);
  for (const part of parts) sum.update(part);
  return sum.digest('hex');
}

/** @param {Response} response @param {Fault} fault */
function fail(response, { status = 500, retryAfter }) {
  response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
}

/**
 * @param {Response} response
 * @param {Buffer} bytes
 * @param {Fault} fault
 */
async function send(response, bytes, { breakAfter, stallAfter }) {
  const share = breakAfter ?? stallAfter;
  if (share === undefined) return response.end(bytes);
  await new Promise((resolve) => { response.write(bytes.subarray(0, Math.floor(bytes.length * share)), resolve); });
  if (breakAfter === undefined) return undefined;
  // Orderly and later, so that what was sent is read: a stream that breaks forgets what it still has.
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  return response.socket?.end();
}

/** @param {Response} response */
function answerPreflight(response) {
  response.setHeader('access-control-allow-methods', 'GET, HEAD, OPTIONS');
  response.setHeader('access-control-allow-headers', 'authorization, range');
  response.writeHead(204).end();
}

/**
 * @param {Response} response
 * @param {{status: number, code: string, message: string}} refusal
 */
function refuse(response, { status, code, message }) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-error-code': code, 'x-error-message': message });
  response.end(message);
}
