/** A model in a folder on disk: nothing of it is fetched, nothing of it is kept elsewhere. */

import { existsSync } from 'node:fs';
import { open, readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathOf } from '../base/urls.js';
import { HeadwiseError } from '../errors.js';
import { LocalFiles } from '../source/local.js';
import { ChunkStream, blobOf } from '../source/stream.js';

/** Bytes that are read at a time. */
const CHUNK = 1 << 20;

/**
 * The folder that a reference to a model means, in full: a path, which begins with a dot or is absolute, or a `file:`
 * URL. Anything else is the id of a Hub, or an address.
 * @param {string} model
 * @returns {string | undefined}
 */
export function folderOf(model) {
  if (/^file:/i.test(model)) return fileURLToPath(model);
  return /^\.{1,2}([/\\]|$)/.test(model) || path.isAbsolute(model) ? path.resolve(model) : undefined;
}

/**
 * @param {string} folder
 * @returns {Promise<FolderFiles>}
 */
export async function openFolder(folder) {
  const found = await stat(folder).catch((cause) => { throw missing(folder, 'There is no folder', cause); });
  if (!found.isDirectory()) throw missing(folder, 'A model is a folder, not the file');
  return new FolderFiles(folder);
}

/** @param {string} folder @param {string} problem @param {unknown} [cause] */
function missing(folder, problem, cause) {
  return new HeadwiseError('not-found', `${problem} ${folder}.`, { folder }, { cause });
}

/** The files of a folder, as `LocalFiles` has those that a person chose. */
export class FolderFiles extends LocalFiles {
  #folder;

  /** @param {string} folder */
  constructor(folder) {
    super(new Map());
    this.#folder = folder;
  }

  /** @param {string} file @override */
  lists(file) {
    return existsSync(this.#at(file));
  }

  /** @param {string} file @override */
  async stream(file) {
    if (!this.lists(file)) await this.#refuse(file);
    return new ChunkStream(chunksOf(this.#at(file)));
  }

  /** @param {string} file @override */
  async read(file) {
    return new Uint8Array(await readFile(this.#at(file)).catch((error) => this.#refuse(file, error)));
  }

  /** @param {string} file @override */
  async blob(file) {
    return blobOf(await this.stream(file));
  }

  /** Where a file is; its name, which another file may have brought, leads nowhere else. @param {string} file */
  #at(file) {
    pathOf(file);
    return path.join(this.#folder, file);
  }

  /** @param {string} file @param {unknown} [cause] @returns {Promise<never>} */
  async #refuse(file, cause) {
    const details = { file, folder: this.#folder };
    if (this.lists(file)) throw new HeadwiseError('not-found', `${this.#at(file)} cannot be read: ${cause}.`, details, { cause });
    const found = (await readdir(this.#folder).catch(() => [])).sort();
    throw new HeadwiseError('not-found', `There is no ${file} in ${this.#folder}, which has: ${found.join(', ') || 'nothing'}.`,
      { ...details, found });
  }
}

/**
 * @param {string} place
 * @returns {AsyncGenerator<Uint8Array, void>} each chunk is good until the next
 */
async function* chunksOf(place) {
  const handle = await open(place);
  try {
    const buffer = new Uint8Array(CHUNK);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
