/**
 * One file of a model in a Cache, kept in parts of equal size.
 *
 * A part is put when it is full, so that a download that ends early leaves all that had arrived, no part
 * is ever half there, no more than one is held in memory, and files may exceed the 2 GiB at which some
 * browsers end a single entry. Each part carries its own hash, which is checked whenever it is read. A
 * record beside the parts tells what the file is; it is put anew, as `whole`, when the last part is in and
 * the caller found the bytes to be right.
 */

import { readInto } from '../base/chunks.js';
import { toHex } from '../base/verify.js';
import { HeadwiseError } from '../errors.js';

/** Bytes of a part: what is lost at most when a download is cut off, and what a writer holds, at most twice. */
export const PART_BYTES = 4 * 1024 * 1024;

/**
 * A model at a commit. `endpoint` is the Hub or mirror, without a slash at the end.
 * @typedef {{endpoint: string, id: string, commit: string}} Snapshot
 */

/**
 * @typedef {object} EntryRecord
 * @property {Snapshot} snapshot
 * @property {string} file
 * @property {number} size in bytes
 * @property {string} [sha256] in hexadecimal
 * @property {Record<string, string | undefined>} [source] of a converted file: the SHA-256 of those it was made of
 * @property {number} partBytes
 * @property {boolean} whole
 */

/**
 * A whole file: `bytes` gives it at once, for small ones, `chunks` part by part, each until the next is asked
 * for, `blob` as the browser holds it, unread and unchecked.
 * @typedef {object} Entry
 * @property {number} size
 * @property {string} [sha256]
 * @property {Record<string, string | undefined>} [source]
 * @property {() => Promise<import('../base/chunks.js').Bytes>} bytes
 * @property {() => Promise<Blob>} blob
 * @property {() => AsyncGenerator<Uint8Array, void>} chunks
 */

/** The header of a part with its SHA-256. */
const HASH = 'x-headwise-sha256';

/**
 * The addresses of what is kept of the file at `url`. None is one that anybody fetches, lest a service
 * worker that answers from every cache should take a part for the file.
 */
export const RECORD = 'headwise=file';
/** @param {string} url */
const recordUrl = (url) => `${url}?${RECORD}`;
/** @param {string} url @param {number} part */
const partUrl = (url, part) => `${url}?headwise=${part}`;

/** @param {{size: number, partBytes: number}} record */
export const partCount = ({ size, partBytes }) => Math.ceil(size / partBytes);

/** @param {EntryRecord} record @param {number} part */
const partLength = ({ size, partBytes }, part) => Math.min(partBytes, size - part * partBytes);

/**
 * Opens a whole file whose length is right in every part. One that claims to be whole and is not is
 * deleted.
 * @param {Cache} cache
 * @param {string} url
 * @returns {Promise<Entry | undefined>}
 */
export async function openEntry(cache, url) {
  const record = await readRecord(cache, url);
  if (!record?.whole) return undefined;
  const { size, sha256, source } = record;
  const count = partCount(record);
  const blobs = await arrivedParts(cache, url, record);
  if (blobs.length < count) {
    await eraseEntry(cache, url);
    return undefined;
  }
  const chunks = () => readParts(cache, url, record, count);
  const blob = async () => new Blob(await arrivedParts(cache, url, record));
  return { size, sha256, source, chunks, bytes: () => concatenate(chunks(), size), blob };
}

/**
 * Deletes a file, whole or not; the record goes first.
 * @param {Cache} cache
 * @param {string} url
 */
export async function eraseEntry(cache, url) {
  const record = await readRecord(cache, url);
  const count = record ? partCount(record) : 0;
  await cache.delete(recordUrl(url));
  for (let part = 0; await cache.delete(partUrl(url, part)) || part < count;) part += 1;
}

/** @param {Cache} cache @param {string} url @returns {Promise<EntryRecord | undefined>} */
async function readRecord(cache, url) {
  const response = await cache.match(recordUrl(url));
  return response?.json().catch(() => undefined);
}

/** @param {Cache} cache @param {string} url @param {EntryRecord} record */
function writeRecord(cache, url, record) {
  return cache.put(recordUrl(url), Response.json(record));
}

/**
 * The parts, from the first one on, that are there and of the right length. (A blob of a cached response
 * tells its size without reading it in most browsers.)
 * @param {Cache} cache
 * @param {string} url
 * @param {EntryRecord} record
 */
async function arrivedParts(cache, url, record) {
  const count = partCount(record);
  /** @type {Blob[]} */
  const blobs = [];
  while (blobs.length < count) {
    const response = await cache.match(partUrl(url, blobs.length));
    const blob = await response?.blob().catch(() => undefined);
    if (blob?.size !== partLength(record, blobs.length)) break;
    blobs.push(blob);
  }
  return blobs;
}

/**
 * The first `count` parts, each until the next is asked for. While one is used the next is read. A part that has been deleted since it was
 * counted, cannot be read or has other bytes than were put, ends it with an `integrity` error, and the file
 * is deleted.
 * @param {Cache} cache
 * @param {string} url
 * @param {EntryRecord} record
 * @param {number} count
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
async function* readParts(cache, url, record, count) {
  /** Every other part has the same memory. @type {(ArrayBuffer | undefined)[]} */
  const buffers = [];
  /** @param {number} part */
  const read = async (part) => {
    if (part >= count) return undefined;
    const length = partLength(record, part);
    const buffer = buffers[part % 2];
    const response = await cache.match(partUrl(url, part));
    const reading = response?.body && readInto(response.body, buffer?.byteLength === length ? buffer : new ArrayBuffer(length));
    const bytes = await reading?.catch(() => undefined);
    buffers[part % 2] = bytes?.buffer;
    if (bytes && response?.headers.get(HASH) === await hashOf(bytes)) return bytes;
    await eraseEntry(cache, url);
    const { file } = record;
    throw new HeadwiseError('integrity', `The stored copy of ${file} is damaged; it has been deleted.`, { url, file });
  };
  let next = read(0);
  for (let part = 0; part < count; part += 1) {
    const bytes = /** @type {Uint8Array} */ (await next);
    next = read(part + 1);
    // Whoever stops here never hears of the part that is being read.
    next.catch(() => {});
    yield bytes;
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function hashOf(bytes) {
  // Wherever there is a Cache there is WebCrypto; it hashes beside this thread.
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** @param {Cache} cache @param {string} url @param {Uint8Array<ArrayBuffer>} bytes */
async function putPart(cache, url, bytes) {
  await cache.put(url, new Response(bytes, { headers: { [HASH]: await hashOf(bytes) } }));
}

/** @param {AsyncIterable<Uint8Array>} chunks @param {number} size */
async function concatenate(chunks, size) {
  const bytes = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}

/**
 * Takes the bytes of a file while they are used. It never fails: if there is no room, or no cache, it
 * takes no more, deletes what it had and `finish` resolves to `false`.
 *
 * Whoever stops without `finish` or `discard` leaves full parts behind, from which the next one goes on.
 */
export class EntryWriter {
  #cache;
  #url;
  #record;
  #buffer = new Uint8Array(0);
  /** Bytes in the buffer. */
  #filled = 0;
  /** The part that the buffer will be: so many are full. */
  #part = 0;
  /** The put of the part before it. @type {Promise<void>} */
  #putting = Promise.resolve();
  /** The memory of the part that is put, and that of the one before, which is free. @type {Uint8Array<ArrayBuffer>[]} */
  #used = [];
  #lost = false;
  #arrived;

  /**
   * Goes on where an earlier download of the same file ended. Only a SHA-256 proves that it is the same
   * and that both pieces are of one file, so without it the download starts anew.
   * @param {Cache} cache
   * @param {string} url
   * @param {EntryRecord} record of what is to be kept
   */
  static async open(cache, url, record) {
    const old = await readRecord(cache, url);
    const resumes = old && !old.whole && record.sha256 !== undefined
      && old.sha256 === record.sha256 && old.size === record.size;
    if (resumes) return new EntryWriter(cache, url, old, (await arrivedParts(cache, url, old)).length);
    await eraseEntry(cache, url);
    await writeRecord(cache, url, record);
    return new EntryWriter(cache, url, record, 0);
  }

  /** A writer for when nothing can be kept. @param {EntryRecord} record */
  static none(record) {
    return new EntryWriter(undefined, '', record, 0);
  }

  /**
   * @param {Cache | undefined} cache
   * @param {string} url
   * @param {EntryRecord} record
   * @param {number} arrived how many parts are there
   */
  constructor(cache, url, record, arrived) {
    this.#cache = cache;
    this.#url = url;
    this.#record = record;
    this.#arrived = arrived;
    this.#part = arrived;
  }

  /** How many bytes are there already: `write` expects what follows them. */
  get offset() {
    return Math.min(this.#arrived * this.#record.partBytes, this.#record.size);
  }

  /** The bytes before `offset`. @returns {AsyncGenerator<Uint8Array, void>} */
  async* arrived() {
    if (this.#cache) yield* readParts(this.#cache, this.#url, this.#record, this.#arrived);
  }

  /**
   * Takes a copy of the next bytes; waits while the disk is slower than the network.
   * @param {Uint8Array} chunk
   */
  async write(chunk) {
    for (let taken = 0; taken < chunk.length && this.#cache && !this.#lost;) {
      if (this.#filled === 0 && !this.#beginPart()) return this.discard();
      const piece = chunk.subarray(taken, taken + this.#buffer.length - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      taken += piece.length;
      if (this.#filled === this.#buffer.length) await this.#put(this.#cache);
    }
  }

  /** Makes room for the next part, if the file has one. */
  #beginPart() {
    if (this.#part >= partCount(this.#record)) return false;
    const length = partLength(this.#record, this.#part);
    const [, free] = this.#used;
    this.#buffer = free?.length === length ? free : new Uint8Array(length);
    return true;
  }

  /** @param {Cache} cache */
  async #put(cache) {
    const bytes = this.#buffer;
    const url = partUrl(this.#url, this.#part);
    this.#part += 1;
    this.#filled = 0;
    await this.#putting;
    if (this.#lost) return;
    this.#used = [bytes, ...this.#used.slice(0, 1)];
    this.#putting = putPart(cache, url, bytes).catch(() => {
      this.#lost = true;
      return this.#erase();
    });
  }

  /**
   * Declares the file whole and right, after its last byte.
   * @returns {Promise<boolean>} whether it is kept
   */
  async finish() {
    await this.#putting;
    if (!this.#cache || this.#lost) return false;
    if (this.#part === partCount(this.#record)) {
      const kept = await writeRecord(this.#cache, this.#url, { ...this.#record, whole: true })
        .then(() => true, () => false);
      if (kept) return true;
    }
    await this.discard();
    return false;
  }

  /** Deletes what has been kept, because it is wrong or there is no room for the rest. */
  async discard() {
    this.#lost = true;
    await this.#putting;
    await this.#erase();
  }

  async #erase() {
    if (this.#cache) await eraseEntry(this.#cache, this.#url).catch(() => {});
  }
}
