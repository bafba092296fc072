/**
 * The files of one model at one commit. Whatever the host promises of a file is held against what arrives;
 * what the application promises counts more.
 */

import { Download } from './download.js';
import { HeadwiseError } from './errors.js';
import { atCommit } from './hub.js';
import { readManifest } from './manifest.js';
import { requester } from './request.js';
import { Patience } from './retry.js';
import { gitBlobHash, notAsPromised, sha256Of } from './verify.js';

/**
 * @typedef {object} FilesOptions
 * @property {string} [token]
 * @property {AbortSignal} signal
 * @property {Record<string, string>} [integrity] file names to `sha256-…`; no other file is fetched
 * @property {boolean} [allow_remote]
 * @property {import('./request.js').Fetch} [fetch]
 * @property {() => Promise<import('./verify.js').Sha256>} newSha256
 * @property {import('./retry.js').Wait} [wait]
 */

/** The files of one model, fetched one by one; every failure is a HeadwiseError that says which kind. */
export class ModelFiles {
  /** Past the browser's cache, which may be what is wrong. */
  fresh = false;
  #source;
  #options;
  #get;
  #manifest;

  /**
   * Asks the host for the manifest, if it may have one.
   * @param {import('./hub.js').ModelSource} source
   * @param {FilesOptions} options
   */
  static async open(source, options) {
    const get = requester({ endpoint: source.endpoint, ...options });
    const manifest = source.api === undefined ? undefined : await readManifest(source.api, source.id, get, options);
    return new ModelFiles(source, options, get, manifest);
  }

  /**
   * @param {import('./hub.js').ModelSource} source
   * @param {FilesOptions} options
   * @param {import('./request.js').Get} get
   * @param {import('./manifest.js').Manifest | undefined} manifest
   */
  constructor(source, options, get, manifest) {
    this.#source = manifest ? atCommit(source, manifest.commit) : source;
    this.#options = options;
    this.#get = get;
    this.#manifest = manifest;
  }

  /** The commit that all files are of, where the host tells. */
  get commit() {
    return this.#manifest?.commit;
  }

  /** Whether the file is known to exist. @param {string} file */
  lists(file) {
    return this.#manifest?.files.has(file) ?? false;
  }

  /**
   * Whether an error means that a file is simply not there. Hosts of single-page applications answer with
   * a web page then, but for a file that the host lists this is a fault.
   * @param {string} file
   * @param {unknown} error
   * @returns {error is HeadwiseError}
   */
  isAbsent(file, error) {
    if (!(error instanceof HeadwiseError)) return false;
    const { code, details: { unlisted } } = error;
    return unlisted === true || (!this.lists(file) && (code === 'not-found' || code === 'content'));
  }

  /**
   * Whether there is such a file. (GET, because signed addresses of a Hub are for GET only.)
   * @param {string} file
   */
  async has(file) {
    const { integrity } = this.#options;
    if (integrity && !Object.hasOwn(integrity, file)) return false;
    if (this.#manifest) return this.lists(file);
    const response = await this.#get(this.#source.url + file, { file }).catch(() => undefined);
    response?.body?.cancel().catch(() => {});
    return response !== undefined;
  }

  /**
   * A file to be read chunk by chunk. Nothing is asked for yet.
   * @param {string} file
   * @returns {Download}
   */
  download(file) {
    return this.#download(file, { fresh: this.fresh, ranges: true });
  }

  /**
   * A small file as a whole. One that is not as promised is fetched once more.
   * @param {string} file
   * @returns {Promise<Uint8Array>}
   */
  async read(file) {
    return this.#read(file, this.fresh).catch((error) => {
      if (error.code === 'integrity' && !error.details.unlisted && !this.fresh) return this.#read(file, true);
      throw error;
    });
  }

  /** @param {string} file @param {{fresh: boolean, ranges: boolean}} how */
  #download(file, { fresh, ranges }) {
    const { signal, newSha256, wait } = this.#options;
    const url = this.#source.url + file;
    const patience = new Patience(signal, wait);
    const expected = this.#expected(file, url);
    return new Download({ url, file, expected, get: this.#get, signal, patience, newSha256, fresh, ranges });
  }

  /** @param {string} file @param {boolean} fresh */
  async #read(file, fresh) {
    // Small files come compressed, of which nobody can ask for a part.
    const download = this.#download(file, { fresh, ranges: false });
    /** @type {BlobPart[]} */
    const chunks = [];
    try {
      for (let chunk; (chunk = await download.next());) chunks.push(/** @type {Uint8Array<ArrayBuffer>} */ (chunk));
    } finally {
      download.close();
    }
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
    const { blob } = this.#expected(file, this.#source.url + file);
    const found = blob && await gitBlobHash(bytes);
    if (found && found !== blob) throw notAsPromised(file, 'its git hash is another', { expected: blob, found });
    return bytes;
  }

  /**
   * What is promised of a file.
   * @param {string} file
   * @param {string} url
   * @returns {import('./verify.js').Expected}
   */
  #expected(file, url) {
    const { integrity } = this.#options;
    if (integrity && !Object.hasOwn(integrity, file)) {
      throw notAsPromised(file, 'the option “integrity” does not list it', { url, unlisted: true });
    }
    if (this.#manifest && !this.lists(file)) {
      throw new HeadwiseError('not-found', `Cannot fetch ${file}: it does not exist (${url}).`, { url, file });
    }
    const promised = this.#manifest?.files.get(file) ?? {};
    return integrity ? { size: promised.size, sha256: sha256Of(integrity[file]) } : promised;
  }
}
