/**
 * What a Hub says of a revision before anything is fetched: its commit, and every file with size and hash.
 */

import { HeadwiseError } from './errors.js';
import { Patience } from './retry.js';

/**
 * `files` has every file of the commit.
 * @typedef {{commit: string, files: Map<string, import('./verify.js').Expected>}} Manifest
 */

/**
 * Reads the manifest of a model. A host that has none is no error: mirrors and plain servers do not.
 * @param {string} url
 * @param {string} model for messages
 * @param {import('./request.js').Get} get
 * @param {{signal: AbortSignal, wait?: import('./retry.js').Wait}} options
 * @returns {Promise<Manifest | undefined>}
 */
export async function readManifest(url, model, get, { signal, wait }) {
  const patience = new Patience(signal, wait);
  for (let lost = 0; ;) {
    try {
      const response = await get(url, { file: `the list of files of ${model}` });
      return parseManifest(await response.json().catch(() => undefined));
    } catch (error) {
      if (hasNone(error)) return undefined;
      // Where CORS does not admit a page to this address alone, it looks like a lost connection. If it is
      // one, the files will tell.
      if (isLost(error) && ++lost === 2) return undefined;
      await patience.after(error);
    }
  }
}

/** Whether a host refuses the address and not, in the Hub's own words, the model. @param {unknown} error */
function hasNone(error) {
  if (!(error instanceof HeadwiseError)) return false;
  const { code, details: { status, reason } } = error;
  return code === 'content' || (status >= 400 && status < 500 && status !== 408 && status !== 429 && !reason)
    || status === 501;
}

/** @param {unknown} error */
function isLost(error) {
  return error instanceof HeadwiseError && error.code === 'network';
}

/**
 * Takes a manifest apart; `undefined` if it is none. What it does not say of a file is not expected of it.
 * @param {any} json
 * @returns {Manifest | undefined}
 */
export function parseManifest(json) {
  if (!isHex(json?.sha, 40) || !Array.isArray(json.siblings)) return undefined;
  const named = json.siblings.filter((/** @type {any} */ file) => typeof file?.rfilename === 'string');
  return { commit: json.sha, files: new Map(named.map((/** @type {any} */ file) => [file.rfilename, expected(file)])) };
}

/** @param {any} sibling @returns {import('./verify.js').Expected} */
function expected({ size, blobId, lfs }) {
  const bytes = lfs?.size ?? size;
  return {
    ...Number.isSafeInteger(bytes) && bytes >= 0 && { size: bytes },
    ...isHex(lfs?.sha256, 64) && { sha256: lfs.sha256 },
    // In git a large file is a pointer, whose blob says nothing of the bytes.
    ...!lfs && isHex(blobId, 40) && { blob: blobId },
  };
}

/** @param {unknown} text @param {number} digits @returns {text is string} */
function isHex(text, digits) {
  return typeof text === 'string' && text.length === digits && /^[0-9a-f]*$/.test(text);
}
