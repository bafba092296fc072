/** Why a request got no answer. Browsers do not say; what can be found out is found out after the failure only. */

import { originOf } from '../base/urls.js';
import { HeadwiseError } from '../errors.js';

/** Failures that may come of CORS. @type {WeakSet<any>} */
const doubtful = new WeakSet();

/**
 * The error of a connection that failed, or was ended by the signal.
 * @param {unknown} cause
 * @param {{url: string, file: string, signal: AbortSignal}} request
 */
export function lost(cause, { url, file, signal }) {
  return signal.aborted
    ? signal.reason
    : new HeadwiseError('network', `The connection failed while fetching ${file}.`, { url, file }, { cause });
}

/**
 * The error of a request that failed before there was an answer.
 * @param {unknown} cause
 * @param {{url: string, file: string, signal: AbortSignal}} request
 * @returns {HeadwiseError}
 */
export function unanswered(cause, request) {
  const { url, file, signal } = request;
  if (signal.aborted) return lost(cause, request);
  if (cause instanceof HeadwiseError) return cause;
  const home = globalThis.origin;
  // Where nothing is lost on the way.
  if (!/^http/.test(url)) {
    const advice = /^file/.test(url) ? ' Let people choose the files: pipeline(task, input.files).' : '';
    return new HeadwiseError('not-found', `Cannot fetch ${file}: it does not exist for this page (${url}).${advice}`, { url, file });
  }
  // What is on the device itself is let in.
  if (/^http:\/\/(?!localhost|127\.|\[::1)/.test(url) && /^https/.test(home)) {
    return new HeadwiseError('mixed-content', `A page of https cannot fetch ${file}: write https: (${url}).`, { url, file }, { cause });
  }
  const error = lost(cause, request);
  if (home && home !== originOf(url)) doubtful.add(error);
  return error;
}

/**
 * The error of a request that is given up: whether the server answers everybody but pages of this origin.
 * @param {any} error
 */
export async function explained(error) {
  if (!doubtful.has(error)) return error;
  const { url, file } = error.details;
  const probe = fetch(url, { mode: 'no-cors', method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(5_000) });
  return probe.then(() => new HeadwiseError('cors', `${originOf(url)} does not let this page read ${file}: have it send `
    + `“Access-Control-Allow-Origin: ${globalThis.origin}”.`, { url, file }, { cause: error.cause }), () => error);
}
