/**
 * One file chunk by chunk. A connection that drops is taken up where it ended, and what arrived is checked
 * before the end is told.
 */

import { ChunkReader } from '../base/chunks.js';
import { notAsPromised } from '../base/verify.js';
import { HeadwiseError } from '../errors.js';
import { notTheFile } from './request.js';
import { inTime } from './retry.js';
import { lost } from './unanswered.js';

/** Bytes that have to arrive before failures are forgiven: a line that brings less is not worth it. */
const PROGRESS = 1 << 20;

/**
 * @typedef {object} DownloadOptions
 * @property {string} url
 * @property {string} file
 * @property {import('../base/verify.js').Expected} expected
 * @property {import('./request.js').Get} get
 * @property {(file: string, start: Uint8Array) => import('./request.js').Other | undefined} otherThan what an answer that
 *   begins so is, if it cannot be the file
 * @property {AbortSignal} signal
 * @property {import('./retry.js').Patience} patience
 * @property {() => Promise<import('../base/verify.js').Sha256>} newSha256
 * @property {boolean} fresh past the browser's cache
 * @property {number} [silence] as of a request
 * @property {string} [etag] strong one of what is here already
 * @property {boolean} ranges whether to ask for the missing part after a drop, or for everything once more
 */

/** A download under way. It has to be closed, however it ends. */
export class Download {
  /** Bytes that have arrived. */
  loaded = 0;
  /** Whether the server says that what is here already is the file; nothing comes then. */
  unchanged = false;
  /** What the server calls the file, byte for byte. @type {string | undefined} */
  etag;
  /** Its bytes, where the server tells. @type {number | undefined} */
  size;
  #options;
  /** @type {ChunkReader | undefined} */
  #reader;
  /** @type {import('../base/verify.js').Sha256 | undefined} */
  #sha256;
  /** What the server calls this version of the file. @type {string | undefined} */
  #version;
  /** Whether the server can be asked for a part. */
  #ranges;
  /** Bytes of this connection that arrived once before. */
  #repeated = 0;
  #renewedAt = 0;
  #endedEarly = false;
  #done = false;
  /** Whether the next bytes of this connection are the first of the file. */
  #begins = true;
  /** What `open` has read. @type {import('../base/chunks.js').Bytes | undefined} */
  #first;

  /** @param {DownloadOptions} options */
  constructor(options) {
    this.#options = options;
    this.#ranges = options.ranges;
  }

  /** Resolves when the first bytes have arrived, and can be those of the file. */
  async open() {
    this.#first ??= await this.next();
  }

  /**
   * The next bytes, until the next call; `undefined` after the last one, when the file has passed its check.
   * @returns {Promise<import('../base/chunks.js').Bytes | undefined>}
   */
  async next() {
    if (this.#first) {
      const first = this.#first;
      this.#first = undefined;
      return first;
    }
    while (!this.#done) {
      try {
        // A connection that fails after the last byte is not needed any more.
        const whole = !this.#reader && this.loaded === this.#options.expected.size;
        if (!whole) this.#reader ??= await this.#connect();
        if (this.unchanged) return undefined;
        const chunk = whole ? undefined : await this.#receive();
        if (!chunk) await this.#finish();
        else if (chunk.length > 0) return chunk;
      } catch (error) {
        this.pause();
        await this.#options.patience.after(error);
      }
    }
    return undefined;
  }

  /**
   * Takes bytes that are here already, from the first on, instead of fetching them.
   * @param {Uint8Array} chunk
   */
  async take(chunk) {
    if (this.#options.expected.sha256 !== undefined) {
      this.#sha256 ??= await this.#options.newSha256();
      this.#sha256.update(chunk);
    }
    this.loaded += chunk.length;
  }

  /** Ends the connection; `next` makes another. */
  pause() {
    this.#reader?.cancel();
    this.#reader = undefined;
  }

  /** Ends the download. */
  close() {
    this.pause();
    this.#sha256?.free();
    this.#sha256 = undefined;
    this.#first = undefined;
    this.#done = true;
  }

  /** @returns {Promise<ChunkReader | undefined>} */
  async #connect() {
    const { url, file, get, fresh, etag, expected: { size } } = this.#options;
    const from = this.#ranges ? this.loaded : 0;
    // From the first address, not from where it redirected to: signed addresses expire.
    const response = await get(url, { file, from, fresh, etag: this.#version === undefined ? etag : undefined }).catch((error) => {
      if (error instanceof HeadwiseError && error.details.status === 416) {
        throw notAsPromised(file, `the server has less than its ${size ?? from} bytes`, { size });
      }
      throw error;
    });
    if (this.#version === undefined) {
      const found = response.headers.get('etag');
      if (etag !== undefined && (response.status === 304 || found === etag)) {
        response.body?.cancel().catch(() => {});
        this.unchanged = this.#done = true;
        return undefined;
      }
      if (found?.startsWith('"')) this.etag = found;
      const length = response.headers.get('content-length');
      if (length !== null && response.status === 200 && !response.headers.has('content-encoding')) this.size = Number(length);
    }
    const version = versionOf(response.headers);
    const changed = this.#version !== undefined && version !== undefined && version !== this.#version;
    this.#version ??= version;
    const reader = new ChunkReader(/** @type {ReadableStream<Uint8Array>} */ (response.body));
    const range = response.status === 206 ? rangeOf(response.headers) : undefined;
    if (range && size !== undefined && range.total !== undefined && range.total !== size) {
      reader.cancel();
      throw notAsPromised(file, `the server has ${range.total} bytes instead of ${size}`, { size });
    }
    if (response.status === 206 && (range?.start !== from || changed)) {
      // Nobody can tell which part this is: everything once more, without what was there before.
      reader.cancel();
      this.#ranges = false;
      return this.#connect();
    }
    if (changed) {
      reader.cancel();
      throw notAsPromised(file, 'it changed while it was fetched');
    }
    this.#begins = response.status !== 206;
    this.#repeated = this.#begins ? this.loaded : 0;
    return reader;
  }

  /** What arrives next and is new; `undefined` at the end of the connection. */
  async #receive() {
    const { url, file, signal, patience, expected, silence } = this.#options;
    const reader = /** @type {ChunkReader} */ (this.#reader);
    const reading = reader.read().catch((error) => { throw lost(error, { url, file, signal }); });
    const value = await inTime(reading, { url, file }, silence);
    if (!value) return undefined;
    if (this.#begins && value.length > 0) this.#check(value);
    const chunk = value.subarray(Math.min(this.#repeated, value.length));
    this.#repeated -= value.length - chunk.length;
    if (expected.size !== undefined && this.loaded + chunk.length > expected.size) {
      throw notAsPromised(file, `it is longer than ${expected.size} bytes`, { size: expected.size });
    }
    await this.take(chunk);
    if (this.loaded - this.#renewedAt >= PROGRESS) {
      this.#renewedAt = this.loaded;
      patience.renew();
    }
    return chunk;
  }

  /**
   * Refuses what cannot be the file. What is promised of a file tells of damage, by which it is fetched once more.
   * @param {Uint8Array} start
   */
  #check(start) {
    const { url, file, otherThan, expected: { sha256, blob } } = this.#options;
    this.#begins = false;
    const other = otherThan(file, start);
    if (other && !(other.vague && (sha256 ?? blob))) throw notTheFile(other, { url, file }, start);
  }

  /** The connection ended in order: is this the whole file, and the right one? */
  async #finish() {
    const { url, file, newSha256, expected: { size, sha256 } } = this.#options;
    if ((size !== undefined && this.loaded < size) || this.#repeated > 0) {
      const details = { url, size, loaded: this.loaded };
      if (this.#endedEarly) throw notAsPromised(file, `it ends after ${this.loaded} bytes`, details);
      this.#endedEarly = true;
      throw new HeadwiseError('network', `The connection ended early while fetching ${file}.`, { file, ...details });
    }
    if (this.loaded === 0 && size === undefined) throw notTheFile({ what: 'nothing' }, { url, file });
    if (sha256 !== undefined) {
      const hash = this.#sha256 ?? await newSha256();
      this.#sha256 = undefined;
      const found = hash.digest();
      if (found !== sha256) throw notAsPromised(file, 'its SHA-256 is another', { expected: sha256, found });
    }
    this.#done = true;
  }
}

/**
 * The part of a file that an answer holds.
 * @param {Headers} headers
 * @returns {{start: number, total: number | undefined} | undefined}
 */
function rangeOf(headers) {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  return start === undefined ? undefined : { start: Number(start), total: total === '*' ? undefined : Number(total) };
}

/** The ETag, without what compression adds to it. @param {Headers} headers */
function versionOf(headers) {
  return headers.get('etag')?.replace(/^W\//, '').replace(/[-;](gzip|br)(?="?$)/, '');
}
