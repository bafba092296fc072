/**
 * A plain folder in the place of the store: what is downloaded becomes its files. One that is under way is beside its name
 * with a part of its hash, so that the next download goes on where this one ends.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathOf } from '../www/lib/base/urls.js';

/** What of `Store` a download uses. */
export class FolderStore {
  #folder;

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * A file that is there; where nobody knows what it should be, it is none.
   * @param {unknown} _snapshot
   * @param {string} file
   * @param {import('../www/lib/base/verify.js').Expected} [expected]
   */
  async open(_snapshot, file, { size, sha256, blob } = {}) {
    const place = this.#at(file);
    const found = await stat(place).catch(() => undefined);
    if (!found || (sha256 ?? blob) === undefined || (size !== undefined && found.size !== size)) return undefined;
    if (sha256 !== undefined && await hashOf(place) !== sha256) return undefined;
    return { size: found.size, sha256, chunks: () => createReadStream(place)[Symbol.asyncIterator](), bytes: async () => new Uint8Array(await readFile(place)) };
  }

  /** @param {unknown} _snapshot @param {string} file @param {{sha256?: string}} expected */
  async keep(_snapshot, file, { sha256 }) {
    const place = this.#at(file);
    await mkdir(path.dirname(place), { recursive: true });
    return FileWriter.open(place, sha256);
  }

  /** @param {unknown} _snapshot @param {string} file */
  async drop(_snapshot, file) {
    await rm(this.#at(file), { force: true });
  }

  async lock() {
    return () => {};
  }

  async recall() {
    return undefined;
  }

  async remember() {}

  /** @param {string} file */
  #at(file) {
    pathOf(file); // leads nowhere else
    return path.join(this.#folder, file);
  }
}

/** As an `EntryWriter`, but that it fails when it cannot write. */
class FileWriter {
  #place;
  #made;
  #handle;

  /** @param {string} place @param {string} [sha256] */
  static async open(place, sha256) {
    const made = `${place}.${sha256?.slice(0, 8) ?? 'new'}.part`;
    const handle = await open(made, sha256 ? 'a' : 'w');
    return new FileWriter(place, made, handle, (await handle.stat()).size);
  }

  /** @param {string} place @param {string} made @param {import('node:fs/promises').FileHandle} handle @param {number} offset bytes that are there */
  constructor(place, made, handle, offset) {
    this.#place = place;
    this.#made = made;
    this.#handle = handle;
    this.offset = offset;
  }

  async* arrived() {
    if (this.offset > 0) yield* createReadStream(this.#made, { end: this.offset - 1 });
  }

  /** @param {Uint8Array} chunk */
  async write(chunk) {
    await this.#handle.appendFile(chunk);
  }

  async finish() {
    await this.#handle.close();
    await rename(this.#made, this.#place);
    return true;
  }

  async discard() {
    await this.#handle.close();
    await rm(this.#made, { force: true });
  }
}

/** @param {string} place */
async function hashOf(place) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(place)) hash.update(chunk);
  return hash.digest('hex');
}
