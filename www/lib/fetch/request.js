/**
 * One request for one file: who is shown the token, and what an answer other than the file means.
 */

import { underPolicy } from '../base/policy.js';
import { originOf, pageUrl } from '../base/urls.js';
import { HeadwiseError } from '../errors.js';
import { inTime } from './retry.js';
import { unanswered } from './unanswered.js';

/** The platform's `fetch`, or one that takes its place. @typedef {typeof globalThis.fetch} Fetch */

/**
 * @typedef {object} RequestOptions
 * @property {string} endpoint the only origin that is shown the token
 * @property {string} [token]
 * @property {AbortSignal} signal
 * @property {boolean} [allow_remote] `false`: no request leaves the page's origin, not even by a redirect
 * @property {Fetch} [fetch]
 * @property {number} [silence] milliseconds after which a server that says nothing is taken for gone
 */

/**
 * What came in place of a file. Where it `exists`, there is such a file, in a form that is of no use here; what is
 * `vague` is not known to be anything else, but for its first byte.
 * @typedef {{what: string, exists?: boolean, vague?: boolean}} Other
 */

/**
 * What is asked for: `file` is for messages, `from` the first byte that is wanted, and a `fresh` answer
 * does not come from the browser's cache. With the ETag of what is here, the answer may be 304 and no body.
 * @typedef {{file: string, from?: number, fresh?: boolean, etag?: string}} Wish
 */

/**
 * Resolves when the head of a good answer has arrived; every other outcome is a HeadwiseError, or the signal's reason.
 * @typedef {(url: string, wish: Wish) => Promise<Response>} Get
 */

/**
 * Makes the function that does all requests of a load.
 * @param {RequestOptions} options
 * @returns {Get}
 */
export function requester({ endpoint, token, signal, allow_remote = true, fetch = globalThis.fetch, silence }) {
  const credentials = token ? authorization(token) : {};
  return async function get(url, { file, from = 0, fresh = false, etag }) {
    // On a redirect to another origin fetch itself drops the token.
    const headers = new Headers(new URL(url).origin === new URL(endpoint).origin ? credentials : {});
    if (from > 0) headers.set('Range', `bytes=${from}-`);
    // Other origins would have to allow this header first; of them the ETag alone tells.
    if (etag !== undefined && isOwn(url)) headers.set('If-None-Match', etag);
    /** @type {RequestInit} */
    const init = {
      signal,
      headers,
      mode: allow_remote ? 'cors' : 'same-origin',
      // A cache that holds the beginning that broke off, perhaps compressed, must not have a say in the rest.
      cache: fresh ? 'reload' : from ? 'no-store' : undefined,
    };
    // Called as a plain function: `fetch` refuses to be a method of something else.
    const answer = underPolicy('connect-src', () => fetch(url, init), url)
      .catch((error) => { throw unanswered(error, { url, file, signal }); });
    const response = await inTime(answer, { url, file }, silence);
    const problem = etag !== undefined && response.status === 304 ? undefined : refusal(response, { url, file });
    if (!problem) return response;
    response.body?.cancel().catch(() => {});
    throw problem;
  };
}

/** Whether an address is of the page's origin, or nobody asks about origins. @param {string} url */
function isOwn(url) {
  const page = pageUrl();
  return page === undefined || originOf(url) === originOf(page);
}

/** @param {string} token */
function authorization(token) {
  const value = `Bearer ${token.trim()}`;
  if (/^[\x20-\x7e]+$/.test(value)) return { Authorization: value };
  throw new HeadwiseError('option', 'The token has characters that no token has.',
    { option: 'token', supported: ['printable ASCII'] });
}

/**
 * What is wrong with an answer, if anything is.
 * @param {Response} response
 * @param {{url: string, file: string}} request
 * @returns {HeadwiseError | undefined}
 */
function refusal({ ok, status, headers, body }, { url, file }) {
  // Hubs say more than the status does, unless a mirror or CORS drops the header.
  const reason = headers.get('x-error-code');
  const details = { url, file, status, ...(reason && { reason }) };
  // To strangers, the Hub answers 401 for what does not exist, so as not to tell what is private.
  if (status === 404 || status === 410 || reason === 'RepoNotFound') {
    const what = reason === 'RepoNotFound' ? 'there is no such model, or it is private and needs an access token'
      : reason === 'RevisionNotFound' ? 'the model has no such revision'
      : 'it does not exist';
    return new HeadwiseError('not-found', `Cannot fetch ${file}: ${what} (${url}).`, details);
  }
  if (status === 401 || status === 403) {
    const what = reason === 'GatedRepo'
      ? 'the model is gated: accept its conditions on its page, then pass { token }'
      : 'the model needs an access token that may read it: pass { token }';
    return new HeadwiseError('access', `Cannot fetch ${file}: ${what} (${url}).`, details);
  }
  const retry_after = headers.get('retry-after');
  const facts = { ...details, ...(retry_after && { retry_after }) };
  if (status === 429) {
    return new HeadwiseError('rate-limited', `Cannot fetch ${file}: too many requests, try again later.`, facts);
  }
  if (!ok) return new HeadwiseError('http', `Cannot fetch ${file}: the server answered ${status} (${url}).`, facts);
  return body ? undefined : notTheFile({ what: 'nothing' }, { url, file });
}

/**
 * The error of an answer that is no file.
 * @param {Other} other
 * @param {{url: string, file: string}} request
 * @param {Uint8Array} [bytes] the first ones, for those who look into it
 */
export function notTheFile({ what, exists }, { url, file }, bytes) {
  const beginning = bytes && new TextDecoder().decode(bytes.subarray(0, 80));
  const sentence = `Instead of ${file} came ${what} (${url}).`;
  const advice = what === 'a web page' ? ' Is the folder served, as in public/?'
    : !exists ? '' : what.includes('LFS')
    ? ' Fetch the file itself: git lfs pull.'
    : ' It has to come unpacked, or with “Content-Encoding: gzip”.';
  return new HeadwiseError('content', sentence + advice,
    { url, file, found: what, ...beginning && { beginning }, ...exists && { exists } });
}
