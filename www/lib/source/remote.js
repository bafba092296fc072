/**
 * The files of one model at one commit, from the store or the host. Whatever the host promises of a file is
 * held against what arrives; what the application promises counts more.
 */

import { ChunkReader } from '../base/chunks.js';
import { gitBlobHash, notAsPromised, sha256Of } from '../base/verify.js';
import { HeadwiseError } from '../errors.js';
import { Download } from '../fetch/download.js';
import { notTheFile, requester } from '../fetch/request.js';
import { Patience, isTransient } from '../fetch/retry.js';
import { FOLDER } from '../store/store.js';
import { complaint, otherThan } from './contents.js';
import { addressOf, atCommit } from './hub.js';
import { findManifest } from './manifest.js';
import { ChunkStream, KeptDownload, LateStream, blobOf } from './stream.js';

/**
 * @typedef {object} RemoteOptions
 * @property {string} [token]
 * @property {AbortSignal} signal
 * @property {Record<string, string>} [integrity] file names to `sha256-…`; no other file is fetched
 * @property {boolean} [allow_remote]
 * @property {boolean} [local_files_only] nothing is fetched, but from a folder
 * @property {import('../fetch/request.js').Fetch} [fetch]
 * @property {import('../store/store.js').Store} store
 * @property {() => Promise<import('../base/verify.js').Sha256>} newSha256
 * @property {import('../fetch/retry.js').Wait} [wait]
 * @property {number} [silence] milliseconds after which a server that says nothing is taken for gone
 */

/** @typedef {import('./stream.js').FileStream} FileStream */

/** The files of one model, one by one; every failure is a HeadwiseError that says which kind. */
export class RemoteFiles {
  /** Whether the weights have to come past the store and the browser's cache, which may be what is wrong. */
  fresh = false;
  #source;
  #options;
  #get;
  #manifest;
  #store;
  /** What the store knows them by: a commit, or a folder. @type {import('../store/store.js').Snapshot | undefined} */
  #snapshot;
  /** Gives up the right to download, once it is ours. @type {Promise<() => void> | undefined} */
  #lock;
  /** Files that were fetched, and whether they are in the store now. @type {Map<string, boolean>} */
  #fetched = new Map();

  /**
   * Finds out which commit it is, where there is a Hub that tells or told.
   * @param {import('./hub.js').ModelSource} source
   * @param {RemoteOptions} options
   */
  static async open(source, options) {
    const get = requester({ endpoint: source.endpoint, ...options });
    const manifest = source.api === undefined ? undefined
      : await findManifest({ ...source, api: source.api }, get, options);
    return new RemoteFiles(source, options, get, manifest);
  }

  /**
   * @param {import('./hub.js').ModelSource} source
   * @param {RemoteOptions} options
   * @param {import('../fetch/request.js').Get} get
   * @param {import('./manifest.js').Manifest | undefined} manifest
   */
  constructor(source, options, get, manifest) {
    const { endpoint, id } = source;
    this.#source = manifest ? atCommit(source, manifest.commit) : source;
    this.#options = options;
    this.#get = get;
    this.#manifest = manifest;
    this.#store = options.store;
    if (manifest) this.#snapshot = { endpoint, id, commit: manifest.commit };
    else if (source.api === undefined) this.#snapshot = snapshotOf(source);
  }

  /** The same files for another request. @param {AbortSignal} signal */
  again(signal) {
    const options = { ...this.#options, signal };
    return new RemoteFiles(this.#source, options, requester({ endpoint: this.#source.endpoint, ...options }), this.#manifest);
  }

  /** The commit that all files are of, where the host tells. */
  get commit() {
    return this.#manifest?.commit;
  }

  /** The revision in place of the one that was asked for, if there is one. */
  get instead() {
    return this.#manifest?.instead;
  }

  /** Whether the store can keep what is made of them: it has to be known what they are. */
  get stores() {
    return this.#manifest !== undefined;
  }

  /** Whether everything that has been read is in the store. */
  get cached() {
    return this.#snapshot !== undefined && [...this.#fetched.values()].every(Boolean);
  }

  /** Whether the file is known to exist. @param {string} file */
  lists(file) {
    return this.#manifest?.files.has(file) ?? false;
  }

  /**
   * Whether an error means that a file is simply not there. Hosts of single-page applications answer with
   * a web page then, and buckets that may not be listed with 403, but for a file that the host lists this is a fault.
   * @param {string} file
   * @param {unknown} error
   * @returns {error is HeadwiseError}
   */
  isAbsent(file, error) {
    if (!(error instanceof HeadwiseError)) return false;
    const { code, details: { unlisted, exists, status, reason } } = error;
    if (unlisted === true) return true;
    return !this.lists(file) && (code === 'not-found' || (code === 'content' && !exists) || (status === 403 && !reason));
  }

  /**
   * Whether there is such a file. (GET, because signed addresses of a Hub are for GET only.)
   * @param {string} file
   */
  async has(file) {
    const { integrity } = this.#options;
    if (integrity && !Object.hasOwn(integrity, file)) return false;
    if (this.#manifest) return this.lists(file);
    const response = await this.#get(addressOf(this.#source, file), { file }).catch(() => undefined);
    if (!response?.body) return false;
    const reader = new ChunkReader(response.body);
    const start = await reader.read().catch(() => undefined);
    reader.cancel();
    return start !== undefined && !otherThan(file, start);
  }

  /**
   * What is promised of a file.
   * @param {string} file
   * @returns {import('../base/verify.js').Expected}
   */
  expected(file) {
    const url = addressOf(this.#source, file);
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

  /**
   * A file to be read chunk by chunk; kept in the store, if it comes from elsewhere.
   * @param {string} file
   * @returns {Promise<FileStream>}
   */
  async stream(file) {
    const entry = await this.#stored(file, this.expected(file));
    const fresh = this.#isFresh(file);
    if (entry && !this.#mayChange(file)) return new ChunkStream(entry.chunks());
    if (this.#snapshot?.commit === FOLDER) return new LateStream(() => this.#streamOfFolder(file, entry, fresh));
    const download = this.#download(file, { fresh, ranges: true });
    const { size, sha256 } = this.expected(file);
    this.#fetched.set(file, false);
    if (!this.#snapshot || size === undefined) return download;
    if (fresh) await this.#store.drop(this.#snapshot, file);
    const writer = await this.#store.keep(this.#snapshot, file, { size, sha256 });
    return new KeptDownload(download, writer, (kept) => this.#fetched.set(file, kept));
  }

  /**
   * A file of a folder: what is stored, if its server says that it is the same, or cannot be reached.
   * @param {string} file
   * @param {import('../store/entries.js').Entry | undefined} entry
   * @param {boolean} fresh
   * @returns {Promise<FileStream>}
   */
  async #streamOfFolder(file, entry, fresh) {
    const download = this.#download(file, { fresh, ranges: true, entry });
    try {
      await download.open();
    } catch (error) {
      download.close();
      return new ChunkStream((await this.#inSpiteOf(error, file, entry)).chunks());
    }
    if (entry && download.unchanged) return new ChunkStream(entry.chunks());
    const { etag, size } = download;
    const { sha256 } = this.expected(file);
    this.#fetched.set(file, false);
    if (!this.#snapshot || (sha256 ?? etag) === undefined || size === undefined) return download;
    // It comes from its beginning, whatever there is of it.
    await this.#store.drop(this.#snapshot, file);
    const writer = await this.#store.keep(this.#snapshot, file, { size, sha256, etag });
    return new KeptDownload(download, writer, (kept) => this.#fetched.set(file, kept));
  }

  /**
   * A small file as a whole. One that is not as promised is fetched once more, past what the browser may hold of it.
   * @param {string} file
   * @returns {Promise<import('../base/chunks.js').Bytes>}
   */
  async read(file) {
    const mayChange = this.#mayChange(file);
    // Of a folder many small files are looked for that it does not have: they are not worth waiting for.
    const entry = await this.#stored(file, this.expected(file), { wait: !mayChange });
    const bytes = await entry?.bytes().catch(() => undefined);
    if (bytes && !mayChange && await this.#isPromised(file, bytes)) return bytes;
    const fresh = this.#isFresh(file);
    const here = bytes && mayChange ? entry : undefined;
    return this.#fetch(file, fresh, here).catch(async (error) => {
      if (!fresh && this.mayBeBetter(file, error)) return this.#fetch(file, true);
      return (await this.#inSpiteOf(error, file, here)).bytes();
    });
  }

  /**
   * What is stored of a folder's file, if its server cannot be reached; what it does not have any more is deleted.
   * @param {unknown} error
   * @param {string} file
   * @param {import('../store/entries.js').Entry | undefined} entry
   */
  async #inSpiteOf(error, file, entry) {
    if (entry && isTransient(error)) return entry;
    if (entry && this.#snapshot && this.isAbsent(file, error)) await this.#store.drop(this.#snapshot, file);
    throw error;
  }

  /**
   * Whether a failed file may be right the next time: where it is known what it is, and something else came.
   * @param {string} file
   * @param {unknown} error
   */
  mayBeBetter(file, error) {
    if (!(error instanceof HeadwiseError) || error.details.unlisted) return false;
    return error.code === 'integrity' || (error.code === 'content' && this.lists(file));
  }

  /**
   * A file as the browser holds it, or has to fetch it.
   * @param {string} file
   * @returns {Promise<Blob>}
   */
  async blob(file) {
    return await (await this.#stored(file, this.expected(file)))?.blob() ?? blobOf(await this.stream(file));
  }

  /**
   * The weights as an earlier load left them for a dtype, made of the files that are promised.
   * @param {import('../runtime/glue.js').Dtype} dtype
   */
  async converted(dtype) {
    const entry = await this.#stored(convertedFile(dtype), {});
    const source = Object.entries(entry?.source ?? {});
    return source.every(([file, sha256]) => this.expected(file).sha256 === sha256) ? entry : undefined;
  }

  /**
   * A writer that keeps converted weights; none where nothing is kept, or where nobody could tell of what they
   * were made.
   * @param {import('../runtime/glue.js').Dtype} dtype
   * @param {number} size
   * @param {string[]} source names of the files they are made of
   */
  async keepConverted(dtype, size, source) {
    const hashes = source.map((file) => [file, this.expected(file).sha256]);
    if (!this.#snapshot || !hashes.every(([, sha256]) => sha256)) return undefined;
    return this.#store.keep(this.#snapshot, convertedFile(dtype), { size, source: Object.fromEntries(hashes) });
  }

  /**
   * Gives up files that were fetched, as there is something in their place; those that were there before stay.
   * @param {string[]} files
   */
  async dropFetched(files) {
    for (const file of files) {
      if (!this.#snapshot || !this.#fetched.has(file)) continue;
      await this.#store.drop(this.#snapshot, file);
      this.#fetched.set(file, true);
    }
  }

  /**
   * Ends the load; if all of it is in the store, this is the snapshot for offline use. One without `weights` does not
   * displace the snapshot that is there.
   * @param {{weights: boolean}} loaded
   * @returns {Promise<string | undefined>} a warning, where there is no room
   */
  async finish({ weights }) {
    const { revision } = this.#source;
    if (!this.#manifest || !this.#snapshot || revision === undefined) return undefined;
    if (!this.cached) return this.#noRoom();
    if (!weights && await this.#store.recall(this.#snapshot, revision)) return undefined;
    const { instead, files } = this.#manifest;
    await this.#store.remember(this.#snapshot, revision, { instead, files: Object.fromEntries(files) });
  }

  async #noRoom() {
    const lost = [...this.#fetched].some(([file, kept]) => !kept && this.expected(file).size !== undefined);
    // Where nothing can be stored at all, there is no quota.
    return lost && (await this.#store.estimate()).quota
      ? 'it is not stored, as there is no room: make some with models.delete(id).'
      : undefined;
  }

  /** Lets others download. */
  close() {
    this.#lock?.then((release) => release(), () => {});
    this.#lock = undefined;
  }

  /**
   * A file that is in the store; once nobody else is downloading, if it is not there at once.
   * @param {string} file
   * @param {import('../base/verify.js').Expected} expected
   * @param {{wait: boolean}} [options]
   */
  async #stored(file, expected, { wait } = { wait: true }) {
    const snapshot = this.#snapshot;
    if (!snapshot || this.#isFresh(file)) return undefined;
    const open = () => this.#store.open(snapshot, file, expected);
    const entry = await open();
    if (entry || !wait || this.#options.local_files_only) return entry;
    this.#lock ??= this.#store.lock(snapshot, this.#options.signal);
    await this.#lock;
    return open();
  }

  /** @param {string} file */
  #isFresh(file) {
    return this.fresh && /\.safetensors/.test(file);
  }

  /** Whether only its server can tell if a stored file is still the file. @param {string} file */
  #mayChange(file) {
    return this.#snapshot?.commit === FOLDER && this.expected(file).sha256 === undefined;
  }

  /**
   * @param {string} file
   * @param {{fresh: boolean, ranges: boolean, entry?: import('../store/entries.js').Entry}} how `entry` is what is here
   */
  #download(file, { fresh, ranges, entry }) {
    const { signal, newSha256, wait, silence, local_files_only } = this.#options;
    const url = addressOf(this.#source, file);
    if (local_files_only && this.#source.api !== undefined) {
      throw new HeadwiseError('not-found', `${file} is not stored here, and “local_files_only” forbids to fetch it.`,
        { file, url });
    }
    const patience = new Patience(signal, wait, entry && 1);
    const expected = this.expected(file);
    return new Download({ url, file, expected, get: this.#get, signal, patience, newSha256, silence, fresh, ranges, otherThan, etag: entry?.etag });
  }

  /** @param {string} file @param {boolean} fresh @param {import('../store/entries.js').Entry} [entry] */
  async #fetch(file, fresh, entry) {
    // Small files come compressed, of which nobody can ask for a part.
    const download = this.#download(file, { fresh, ranges: false, entry });
    const blob = await blobOf(download);
    if (entry && download.unchanged) return entry.bytes();
    this.#fetched.set(file, false);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const { sha256, blob: hash } = this.expected(file);
    const other = sha256 ?? hash ? undefined : complaint(file, bytes);
    if (other) throw notTheFile(other, { url: addressOf(this.#source, file), file }, bytes);
    if (!await this.#isPromised(file, bytes)) throw notAsPromised(file, 'its git hash is another');
    const etag = this.#manifest ? undefined : download.etag;
    if (this.#snapshot && (this.#manifest || (sha256 ?? etag))) {
      const writer = await this.#store.keep(this.#snapshot, file, { size: bytes.length, sha256, etag });
      // What is resumed is a large file; this one is here.
      await writer.write(bytes.subarray(writer.offset));
      this.#fetched.set(file, await writer.finish());
    }
    return bytes;
  }

  /** @param {string} file @param {import('../base/chunks.js').Bytes} bytes */
  async #isPromised(file, bytes) {
    const { blob } = this.expected(file);
    const found = blob && await gitBlobHash(bytes);
    return !found || found === blob;
  }
}

/** What the store knows a folder by. @param {import('./hub.js').ModelSource} source */
function snapshotOf({ url, query = '' }) {
  return { endpoint: new URL(url).origin, id: url + query, commit: FOLDER };
}

/** What converted weights are called. @param {import('../runtime/glue.js').Dtype} dtype */
const convertedFile = (dtype) => `model.${dtype}.safetensors`;
