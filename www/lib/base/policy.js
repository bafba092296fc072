/** What a Content-Security-Policy forbids, told by the event that browsers send after the failure. */

import { HeadwiseError } from '../errors.js';
import { originOf } from './urls.js';

/**
 * Does what a policy may forbid: the error of what it did forbid says what to add to it.
 * @template T
 * @param {'connect-src' | 'worker-src'} directive
 * @param {() => T | Promise<T>} act
 * @param {string} [url] what is fetched
 * @returns {Promise<T>}
 */
export async function underPolicy(directive, act, url = '') {
  const origin = url && originOf(url);
  /** @type {string | undefined} */
  let blocked;
  const see = (/** @type {any} */ { disposition, effectiveDirective, blockedURI }) => {
    const own = disposition === 'enforce' && effectiveDirective === directive && blockedURI.startsWith(origin);
    if (own) blocked = blockedURI;
  };
  globalThis.addEventListener?.('securitypolicyviolation', see);
  try {
    return await act();
  } catch (error) {
    await new Promise((resolve) => { setTimeout(resolve); });
    if (blocked === undefined) throw error;
    // Large files of the Hub are elsewhere; of a blob there is only the word.
    const source = URL.canParse(blocked) ? originOf(blocked).replace(/huggingface\.co$/, '$& https://*.hf.co') : 'blob:';
    throw forbidden(directive, source, { url: blocked }, error);
  } finally {
    globalThis.removeEventListener?.('securitypolicyviolation', see);
  }
}

/**
 * The error of what a policy forbids.
 * @param {string} directive
 * @param {string} source what to add to it
 * @param {object} details
 * @param {unknown} cause
 */
export function forbidden(directive, source, details, cause) {
  return new HeadwiseError('policy', `The Content-Security-Policy forbids this: add ${source} to its ${directive}.`,
    { directive, source, ...details }, { cause });
}
