/**
 * What a Hub says of a revision before anything is fetched: its commit, and every file with size and hash.
 */

import { HeadwiseError } from '../errors.js';
import { Patience, isTransient } from '../fetch/retry.js';

/**
 * `files` has every file of the commit; `instead` is the revision that takes the place of the one that was
 * asked for.
 * @typedef {{commit: string, files: Map<string, import('../base/verify.js').Expected>, instead?: string}} Manifest
 */

/** A model of a Hub. @typedef {import('./hub.js').ModelSource & {api: string}} HubSource */

/**
 * @typedef {object} ManifestOptions
 * @property {AbortSignal} signal
 * @property {import('../store/store.js').Store} store
 * @property {boolean} [local_files_only]
 * @property {import('../fetch/retry.js').Wait} [wait]
 */

/** The pull requests by which the Hub's own account adds safetensors to models that lack them. */
const CONVERSION = { author: 'sfconvertbot', title: 'Adding `safetensors` variant of this model' };

/**
 * The manifest of a model: what its host says, or said when the model was last loaded if there is no
 * getting through. A host that has none is no error: mirrors and plain servers do not.
 * @param {HubSource} source
 * @param {import('../fetch/request.js').Get} get
 * @param {ManifestOptions} options
 * @returns {Promise<Manifest | undefined>}
 */
export async function findManifest(source, get, options) {
  const { id, revision = 'main' } = source;
  const recalled = async () => {
    const note = await options.store.recall(source, revision);
    return note && { commit: note.commit, files: new Map(Object.entries(note.files)), instead: note.instead };
  };
  if (options.local_files_only) {
    const last = await recalled();
    if (last) return last;
    throw new HeadwiseError('not-found',
      `${id} at ${revision} is not stored here, and “local_files_only” forbids to fetch it. Load it once without.`,
      { model: id, revision });
  }
  try {
    const manifest = await readManifest(source, revision, get, options);
    return manifest && (await findConversion(source, manifest, get, options) ?? manifest);
  } catch (error) {
    const last = isTransient(error) || isLost(error) ? await recalled() : undefined;
    if (last) return last;
    // Where CORS does not admit a page to this address alone, it looks like a lost connection. If it is
    // one, the files will tell.
    if (isLost(error)) return undefined;
    throw error;
  }
}

/**
 * Reads the manifest of a revision.
 * @param {HubSource} source
 * @param {string} revision
 * @param {import('../fetch/request.js').Get} get
 * @param {ManifestOptions} options
 * @returns {Promise<Manifest | undefined>}
 */
async function readManifest({ api, id }, revision, get, { signal, wait }) {
  const url = `${api}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const patience = new Patience(signal, wait);
  for (let lost = 0; ;) {
    try {
      const response = await get(url, { file: `the list of files of ${id}` });
      return parseManifest(await response.json().catch(() => undefined));
    } catch (error) {
      if (hasNone(error)) return undefined;
      if (isLost(error) && ++lost === 2) throw error;
      await patience.after(error);
    }
  }
}

/**
 * For a model that has its weights as a pickle only: the open pull request that adds them as safetensors,
 * by the Hub's own account and on top of this very commit, as Python looks for it.
 * @param {HubSource} source
 * @param {Manifest} manifest
 * @param {import('../fetch/request.js').Get} get
 * @param {ManifestOptions} options
 * @returns {Promise<Manifest | undefined>}
 */
async function findConversion(source, { commit, files }, get, options) {
  const names = [...files.keys()];
  if (names.some((name) => /^model\.safetensors/.test(name)) || !names.some((name) => /^pytorch_model\.bin/.test(name))) {
    return undefined;
  }
  /** @param {string} path @returns {Promise<any>} */
  const ask = async (path) => (await get(`${source.api}/${path}`, { file: `the pull requests of ${source.id}` })).json();
  try {
    const { discussions } = await ask('discussions?type=pull_request&status=open');
    for (const { num, title, isPullRequest, status, author } of discussions) {
      const fits = isPullRequest === true && status === 'open' && Number.isSafeInteger(num) && title === CONVERSION.title
        && String(author?.name).toLowerCase() === CONVERSION.author;
      if (!fits) continue;
      const instead = `refs/pr/${num}`;
      const commits = await ask(`commits/${encodeURIComponent(instead)}`);
      if (commits[1]?.id !== commit) continue;
      const manifest = await readManifest(source, instead, get, options);
      return manifest && { ...manifest, instead };
    }
  } catch (error) {
    // Then it is a model without safetensors, which has its own words.
    if (options.signal.aborted) throw error;
  }
  return undefined;
}

/** Whether a host refuses the address and not, in the Hub's own words, the model. @param {unknown} error */
function hasNone(error) {
  if (!(error instanceof HeadwiseError)) return false;
  const { code, details: { status, reason } } = error;
  return code === 'content' || (status >= 400 && status < 500 && status !== 408 && status !== 429 && !reason)
    || status === 501;
}

/** Whether there was no answer. @param {unknown} error */
function isLost(error) {
  return error instanceof HeadwiseError && ['network', 'policy', 'mixed-content'].includes(error.code);
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

/** @param {any} sibling @returns {import('../base/verify.js').Expected} */
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
