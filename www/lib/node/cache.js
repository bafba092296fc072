/**
 * The Cache API over a folder: what a browser gives to the store, for where there is only a disk.
 *
 * An entry is a file. Its path is its address: `https://hub/user/model/resolve/main/config.json?headwise=0` is
 * `https/hub/user/model/resolve/main/config.json/headwise%3D0` in the folder of its cache. It begins with a line of JSON,
 * the headers; the rest is the body. Files are written beside and renamed, so that each is whole or not there, whoever
 * else writes. `store/` alone says what is in them.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Bytes that hold the headers of any entry. */
const HEAD = 4096;

/** Where entries are written. */
const UNFINISHED = 'unfinished';

/** Milliseconds after which nobody is writing to such a file any more. */
const ABANDONED = 24 * 3600_000;

/** A `CacheStorage` in a folder. */
export class DiskCaches {
  #folder;
  /** @type {Map<string, Promise<DiskCache>>} */
  #open = new Map();

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /** @param {string} name */
  open(name) {
    const cache = this.#open.get(name) ?? DiskCache.open(path.join(this.#folder, name), path.join(this.#folder, UNFINISHED));
    this.#open.set(name, cache);
    // What could not be made once may be made later.
    cache.catch(() => this.#open.delete(name));
    return cache;
  }
}

/** What of a `Cache` the store uses. */
class DiskCache {
  #folder;
  #unfinished;

  /** @param {string} folder @param {string} unfinished */
  static async open(folder, unfinished) {
    await Promise.all([folder, unfinished].map((made) => mkdir(made, { recursive: true })));
    await sweep(unfinished);
    return new DiskCache(folder, unfinished);
  }

  /** @param {string} folder @param {string} unfinished */
  constructor(folder, unfinished) {
    this.#folder = folder;
    this.#unfinished = unfinished;
  }

  /** @param {string | {url: string}} request */
  async match(request) {
    return DiskResponse.open(this.#placeOf(request));
  }

  /** @param {string} url @param {Response} response */
  async put(url, response) {
    const place = this.#placeOf(url);
    const made = path.join(this.#unfinished, randomUUID());
    const headers = Buffer.from(`${JSON.stringify(Object.fromEntries(response.headers))}\n`);
    try {
      await writeFile(made, Buffer.concat([headers, new Uint8Array(await response.arrayBuffer())]));
      await moveTo(place, made);
    } catch (error) {
      await rm(made, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** @param {string | {url: string}} request */
  async delete(request) {
    const place = this.#placeOf(request);
    const found = await unlink(place).then(() => true, () => false);
    if (found) await this.#prune(path.dirname(place));
    return found;
  }

  async keys() {
    const found = await readdir(this.#folder, { recursive: true, withFileTypes: true });
    return found.filter((entry) => entry.isFile())
      .map((entry) => ({ url: urlOf(path.relative(this.#folder, path.join(entry.parentPath ?? entry.path, entry.name))) }));
  }

  /** @param {string | {url: string}} request */
  #placeOf(request) {
    const { protocol, host, pathname, search } = new URL(typeof request === 'string' ? request : request.url);
    const names = [protocol.slice(0, -1), ...[host, search.slice(1)].map(encodeURIComponent)];
    // The one sign that addresses may have and Windows may not.
    return path.join(this.#folder, names[0], names[1], ...pathname.slice(1).replaceAll('*', '%2A').split('/'), names[2]);
  }

  /** Takes away folders that are empty now. @param {string} folder */
  async #prune(folder) {
    while (folder !== this.#folder && await rmdir(folder).then(() => true, () => false)) folder = path.dirname(folder);
  }
}

/** @param {string} place relative to the folder of its cache */
function urlOf(place) {
  const [protocol, host, ...names] = place.split(path.sep);
  const search = decodeURIComponent(/** @type {string} */ (names.pop()));
  return `${protocol}://${decodeURIComponent(host)}/${names.join('/').replaceAll('%2A', '*')}?${search}`;
}

/** @param {string} place @param {string} made */
async function moveTo(place, made) {
  for (let tries = 3; ; tries -= 1) {
    await mkdir(path.dirname(place), { recursive: true });
    try {
      await rename(made, place);
      return;
    } catch (error) {
      // Somebody may have taken away the folder, empty as it was; on Windows somebody may be reading the file.
      if (tries === 1) throw error;
    }
  }
}

/** Deletes what writers that died left behind. @param {string} folder */
async function sweep(folder) {
  for (const name of await readdir(folder)) {
    const place = path.join(folder, name);
    const { mtimeMs = Infinity } = await stat(place).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > ABANDONED) await rm(place, { force: true }).catch(() => {});
  }
}

/** What of a `Response` the store uses, read when it is asked for. */
class DiskResponse {
  #place;
  #start;

  /** @param {string} place @returns {Promise<DiskResponse | undefined>} */
  static async open(place) {
    const handle = await open(place).catch(() => undefined);
    if (!handle) return undefined;
    try {
      const [{ buffer, bytesRead }, { size }] = await Promise.all([handle.read(Buffer.alloc(HEAD), 0, HEAD, 0), handle.stat()]);
      const start = buffer.subarray(0, bytesRead).indexOf('\n') + 1;
      const headers = new Headers(JSON.parse(buffer.toString('utf8', 0, start)));
      headers.set('content-length', String(size - start));
      return new DiskResponse(place, start, headers);
    } catch {
      return undefined; // not ours, or damaged
    } finally {
      await handle.close();
    }
  }

  /** @param {string} place @param {number} start where the body begins @param {Headers} headers */
  constructor(place, start, headers) {
    this.#place = place;
    this.#start = start;
    this.headers = headers;
  }

  get body() {
    return bodyOf(this.#place, this.#start);
  }

  async json() {
    return JSON.parse((await readFile(this.#place)).toString('utf8', this.#start));
  }

  async blob() {
    return new Blob([(await readFile(this.#place)).subarray(this.#start)]);
  }
}

/**
 * The rest of a file, into the memory of whoever reads it.
 * @param {string} place
 * @param {number} start
 */
function bodyOf(place, start) {
  /** @type {Promise<import('node:fs/promises').FileHandle> | undefined} */
  let opening;
  let position = start;
  const close = async () => (await opening?.catch(() => undefined))?.close();
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const { view } = /** @type {ReadableStreamBYOBRequest} */ (controller.byobRequest);
      const part = /** @type {Uint8Array} */ (view);
      const handle = await (opening ??= open(place));
      const { bytesRead } = await handle.read(part, 0, part.byteLength, position);
      position += bytesRead;
      if (bytesRead === 0) {
        controller.close();
        await close();
      }
      controller.byobRequest?.respond(bytesRead);
    },
    cancel: close,
    autoAllocateChunkSize: 1 << 16,
  });
}
