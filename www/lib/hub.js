/**
 * Where a model's files are, and how one is fetched: from the Hub, a mirror of it, or any folder.
 */

import { HeadwiseError, aborted } from './errors.js';

const HUB = 'https://huggingface.co';
const MODEL_ID = /^[\w.-]{1,96}(\/[\w.-]{1,96})?$/;
const FOLDER = /^(https?:\/\/|\.{0,2}\/)/i;

/**
 * A model reference, resolved.
 * @typedef {object} ModelSource
 * @property {string} id the reference as it was given
 * @property {string} url the folder of the model's files, with a slash at the end
 * @property {string} endpoint the Hub or mirror, the only place a token is sent to
 */

/** The URL that relative references start from: the page's, or the worker's script. */
export function pageUrl() {
  return globalThis.document?.baseURI ?? globalThis.location?.href;
}

/**
 * Resolves a Hub id (`user/model`) or the URL of a folder, absolute or relative to the page.
 * @param {string} model
 * @param {{endpoint?: string | null, revision?: string | null}} [options]
 * @returns {ModelSource}
 */
export function resolveModel(model, { endpoint, revision } = {}) {
  const hub = hubUrl(endpoint ?? HUB);
  const url = typeof model === 'string' && FOLDER.test(model)
    ? folderUrl(model)
    : `${hub}/${hubId(model)}/resolve/${segment(revision ?? 'main', 'revision')}/`;
  return { id: model, url, endpoint: hub };
}

/**
 * The URL of one file of a model.
 * @param {string} model a Hub id, or the URL of a folder
 * @param {string} file a path inside the model, `'README.md'`
 * @param {{endpoint?: string | null, revision?: string | null}} [options]
 * @returns {string}
 */
export function fileUrl(model, file, options) {
  const path = file.split('/').map((part) => segment(part, 'file'));
  return resolveModel(model, options).url + path.join('/');
}

/** @param {string} endpoint */
function hubUrl(endpoint) {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !isPlain(url)) {
    throw new HeadwiseError('option', 'The endpoint has to be an absolute http(s) URL without query and credentials.',
      { option: 'endpoint', supported: ['an absolute http(s) URL'] });
  }
  return url.href.replace(/\/+$/, '');
}

/** @param {unknown} model */
function hubId(model) {
  if (typeof model !== 'string' || !MODEL_ID.test(model) || model.includes('..') || model.split('/').includes('.')) {
    throw badModel(model, 'is neither a Hub id (“user/model”) nor the URL of a folder'
      + ' (“https://…”, “./…”, “/…”)');
  }
  return model;
}

/** @param {string} model */
function folderUrl(model) {
  const page = pageUrl();
  if (!URL.canParse(model, page)) throw badModel(model, 'is not a valid URL here');
  const url = new URL(model, page);
  if (!isPlain(url)) throw badModel(model, 'has a query, fragment or credentials, or is not http(s)');
  // “//host” and “/\host” look like paths and are other hosts.
  if (!/^https?:/i.test(model) && url.origin !== new URL(page).origin) throw badModel(model, 'leaves this site');
  return url.href.replace(/\/*$/, '/');
}

/** @param {URL} url */
function isPlain({ protocol, username, password, href }) {
  return /^https?:$/.test(protocol) && !username && !password && !/[?#]/.test(href);
}

/** @param {string} text @param {string} what */
function segment(text, what) {
  if (['', '.', '..'].includes(text)) throw new HeadwiseError('model', `“${text}” is not a name for a ${what}.`);
  return encodeURIComponent(text);
}

/** @param {unknown} model @param {string} problem */
function badModel(model, problem) {
  return new HeadwiseError('model', `The model “${model}” ${problem}.`, { model });
}

/**
 * The body of a file: `bytes` gives it as a whole, for small ones, `chunks` as it arrives.
 * @typedef {{bytes: () => Promise<Uint8Array>, chunks: () => AsyncGenerator<Uint8Array, void>}} Body
 */

/** The files of one model, fetched one by one; every failure is a HeadwiseError that says which kind. */
export class ModelFiles {
  #source;
  #token;
  #signal;

  /**
   * @param {ModelSource} source
   * @param {{token?: string, signal: AbortSignal}} options
   */
  constructor(source, { token, signal }) {
    this.#source = source;
    this.#token = token;
    this.#signal = signal;
  }

  /**
   * Asks for a file; resolves when its head has arrived, to read its body in one of two ways.
   * @param {string} file
   * @returns {Promise<Body>}
   */
  async open(file) {
    const url = this.#source.url + file;
    /** @param {unknown} error */
    const lost = (error) => this.#signal.aborted
      ? aborted(this.#signal.reason)
      : new HeadwiseError('network', `The connection failed while fetching ${file}.`, { url, file },
        { cause: error });
    const response = await this.#fetch(url).catch((error) => { throw lost(error); });
    const problem = refusal(response, { url, file });
    if (problem) {
      response.body?.cancel().catch(() => {});
      throw problem;
    }
    return {
      bytes: () => response.arrayBuffer().then((buffer) => new Uint8Array(buffer), (error) => { throw lost(error); }),
      chunks: () => chunksOf(response, lost),
    };
  }

  /**
   * Whether there is such a file. (GET, because signed addresses of a Hub are for GET only.)
   * @param {string} file
   */
  async has(file) {
    const response = await this.#fetch(this.#source.url + file).catch(() => undefined);
    response?.body?.cancel().catch(() => {});
    return response !== undefined && !refusal(response, {});
  }

  /** @param {string} url */
  #fetch(url) {
    // On a redirect to another origin fetch itself drops the header.
    const trusted = this.#token && new URL(url).origin === new URL(this.#source.endpoint).origin;
    return fetch(url, {
      signal: this.#signal,
      headers: trusted ? { Authorization: `Bearer ${this.#token}` } : {},
    });
  }
}

/**
 * The chunks of a body; the connection ends with the loop that reads them, however it ends.
 * @param {Response} response
 * @param {(error: unknown) => HeadwiseError} lost
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
async function* chunksOf(response, lost) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => { throw lost(error); });
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * What is wrong with an answer, if anything is.
 * @param {Response} response
 * @param {{url?: string, file?: string}} request
 * @returns {HeadwiseError | undefined}
 */
function refusal({ ok, status, headers }, { url, file }) {
  // Hubs say more than the status does, unless a mirror or CORS drops the header.
  const reason = headers.get('x-error-code');
  const details = { url, file, status, ...(reason && { reason }) };
  // To strangers, the Hub answers 401 for what does not exist, so as not to tell what is private.
  if (status === 404 || reason === 'RepoNotFound') {
    const what = reason === 'RepoNotFound' ? 'there is no such model, or it is private and needs an access token'
      : reason === 'RevisionNotFound' ? 'the model has no such revision'
      : 'it does not exist';
    return new HeadwiseError('not-found', `Cannot fetch ${file}: ${what} (${url}).`, details);
  }
  if (status === 401 || status === 403) {
    const what = reason === 'GatedRepo'
      ? 'the model is gated: accept its conditions on its page, then pass an access token'
      : 'the model needs an access token that may read it';
    return new HeadwiseError('access', `Cannot fetch ${file}: ${what} (${url}).`, details);
  }
  if (status === 429) {
    const retryAfter = headers.get('retry-after');
    return new HeadwiseError('rate-limited', `Cannot fetch ${file}: too many requests, try again later.`,
      { ...details, ...(retryAfter && { retryAfter }) });
  }
  if (!ok) return new HeadwiseError('http', `Cannot fetch ${file}: the server answered ${status} (${url}).`, details);
  // Many hosts answer any unknown path with their start page and status 200.
  if (/^text\/html\b/i.test(headers.get('content-type') ?? '')) {
    return new HeadwiseError('content', `A web page came instead of ${file} (${url}).`, details);
  }
  return undefined;
}
