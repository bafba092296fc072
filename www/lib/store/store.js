/**
 * What has been downloaded, for the next start and for offline use: files by commit, in the Cache API,
 * and which commit each branch was at last. `source/remote.js` reads and fills it, `models.js` shows it.
 *
 * Loading never fails because of the store: where there is none (Node, a sandboxed frame, no room left),
 * nothing is found in it and nothing is kept.
 */

import { pathOf } from '../base/urls.js';
import { EntryWriter, PART_BYTES, RECORD, eraseEntry, openEntry, partCount } from './entries.js';

/** What the files of a folder count as, which has no commits: each has an ETag. */
export const FOLDER = 'folder';

/** The name has the version of the layout. */
const CACHE = 'headwise-1';
const REVISION = 'headwise=revision';

/** @typedef {import('../base/verify.js').Expected} Expected */
/** @typedef {import('./entries.js').Snapshot} Snapshot */

/**
 * A branch, tag or commit at the time of its last complete load, with the files that the model has, and the
 * revision that took its place, if one did.
 * @typedef {Snapshot & {revision: string, instead?: string, files: Record<string, Expected>}} Revision
 */

/**
 * A stored model. An entry of `revisions` is a branch, tag or commit that was at `commit` when it was last
 * loaded; there is none as long as the download is not complete. `bytes` is what is held in all. Of a folder `id` is its
 * address, and `commit` is `'folder'`.
 * @typedef {object} StoredModel
 * @property {string} id
 * @property {string} endpoint
 * @property {string} commit
 * @property {string[]} revisions
 * @property {number} bytes
 * @property {{file: string, size: number, bytes: number, sha256?: string}[]} files `bytes` of `size` are held
 */

/**
 * What of the environment the store stands on.
 * @typedef {object} Scope
 * @property {CacheStorage} [caches]
 * @property {{locks?: LockManager, storage?: StorageManager}} [navigator]
 */

/**
 * Everything that pages of this origin have downloaded. Who loads a file looks with `open`, then, holding
 * the `lock`, with `open` again, and only then downloads it through `keep`; when all files of a snapshot
 * are kept, `remember` makes it the one for offline use.
 */
export class Store {
  #scope;
  #partBytes;

  /**
   * @param {Scope} [scope] the page or worker
   * @param {{partBytes?: number}} [options]
   */
  constructor(scope = globalThis, { partBytes = PART_BYTES } = {}) {
    this.#scope = scope;
    this.#partBytes = partBytes;
  }

  /**
   * A file that is there as a whole, if it was kept with the expected size and SHA-256. What claims to be
   * whole and is not is deleted.
   * @param {Snapshot} snapshot
   * @param {string} file
   * @param {Expected} [expected]
   * @returns {Promise<import('./entries.js').Entry | undefined>}
   */
  async open(snapshot, file, { size, sha256 } = {}) {
    const cache = await this.#cache();
    const entry = await (cache && openEntry(cache, fileUrl(snapshot, file)).catch(() => undefined));
    const other = (size !== undefined && entry?.size !== size) || (sha256 !== undefined && entry?.sha256 !== sha256);
    return other ? undefined : entry;
  }

  /**
   * A writer that keeps a file while it is downloaded, from `writer.offset` on. What was there of the file
   * and cannot be gone on with is deleted, a whole one too. `source` is for what is made of other files.
   * @param {Snapshot} snapshot
   * @param {string} file
   * @param {Expected & {size: number} & Pick<import('./entries.js').EntryRecord, 'source' | 'etag'>} expected
   */
  async keep({ endpoint, id, commit }, file, { size, sha256, source, etag }) {
    const snapshot = { endpoint, id, commit };
    const record = { snapshot, file, size, sha256, source, etag, partBytes: this.#partBytes, whole: false };
    const cache = await this.#cache();
    const writer = cache && await EntryWriter.open(cache, fileUrl(snapshot, file), record).catch(() => undefined);
    if (!writer) return EntryWriter.none(record);
    // Better not to begin than to fill the disk and find at its end that all was in vain.
    if (await this.#hasRoom(size - writer.offset)) return writer;
    await writer.discard();
    return EntryWriter.none(record);
  }

  /**
   * Deletes a file, or what there is of it.
   * @param {Snapshot} snapshot
   * @param {string} file
   */
  async drop(snapshot, file) {
    const cache = await this.#cache();
    if (cache) await eraseEntry(cache, fileUrl(snapshot, file)).catch(() => {});
  }

  /**
   * Waits until no other tab or worker downloads this snapshot, and keeps them from it until `release` is
   * called. One lock is for all of its files: with one for each, two loads that need several files at
   * once could wait for each other.
   * @param {Snapshot} snapshot
   * @param {AbortSignal} [signal] ends the waiting
   * @returns {Promise<() => void>} release
   */
  async lock(snapshot, signal) {
    const locks = this.#scope.navigator?.locks;
    if (!locks) return () => {};
    return new Promise((resolve, reject) => {
      const hold = () => new Promise((release) => { resolve(() => release(undefined)); });
      locks.request(`headwise ${folderUrl(snapshot, snapshot.commit)}`, { signal }, hold).catch(() => {
        if (signal?.aborted) reject(signal.reason);
        // Frames without an origin have locks in name only.
        else resolve(() => {});
      });
    });
  }

  /**
   * Notes that a snapshot is whole and what `revision` stands for when offline. If that is news, other
   * commits of the model are deleted, unless another branch or tag is at one of them.
   * @param {Snapshot} snapshot
   * @param {string} revision
   * @param {Pick<Revision, 'instead' | 'files'>} manifest
   */
  async remember({ endpoint, id, commit }, revision, { instead, files }) {
    const cache = await this.#cache();
    if (!cache || (await this.recall({ endpoint, id }, revision))?.commit === commit) return;
    /** @type {Revision} */
    const note = { endpoint, id, revision, commit, instead, files };
    try {
      await cache.put(`${folderUrl(note, revision)}?${REVISION}`, Response.json(note));
      await collect(cache, { endpoint, id, commit });
    } catch {
      // No room for a line: then offline use has to wait.
    }
  }

  /**
   * What `remember` was last told of a revision; of a commit, what it was told of any revision that is there.
   * @param {{endpoint: string, id: string}} model
   * @param {string} revision
   * @returns {Promise<Revision | undefined>}
   */
  async recall(model, revision) {
    const cache = await this.#cache();
    const note = await cache?.match(`${folderUrl(model, revision)}?${REVISION}`).catch(() => undefined);
    if (note || !cache || !/^[0-9a-f]{40}$/.test(revision)) return note?.json().catch(() => undefined);
    const { revisions } = await survey(cache);
    return revisions.map((one) => one.note).find(({ endpoint, id, commit }) =>
      endpoint === model.endpoint && id === model.id && commit === revision);
  }

  /** @returns {Promise<StoredModel[]>} */
  async list() {
    const cache = await this.#cache();
    if (!cache) return [];
    const { entries, revisions } = await survey(cache);
    /** @type {Map<string, StoredModel>} */
    const models = new Map();
    for (const { record: { snapshot, file, size, sha256 }, bytes } of entries) {
      const key = folderUrl(snapshot, snapshot.commit);
      const model = models.get(key) ?? { ...snapshot, revisions: [], bytes: 0, files: [] };
      models.set(key, model);
      model.files.push({ file, size, bytes, ...(sha256 && { sha256 }) });
      model.bytes += bytes;
    }
    for (const { note } of revisions) models.get(folderUrl(note, note.commit))?.revisions.push(note.revision);
    return [...models.values()];
  }

  /**
   * Deletes a model, all of its commits.
   * @param {string} id
   * @returns {Promise<boolean>} whether there was any
   */
  async delete(id) {
    const cache = await this.#cache();
    if (!cache) return false;
    const { entries, revisions } = await survey(cache);
    const found = entries.filter(({ record }) => record.snapshot.id === id);
    const notes = revisions.filter(({ note }) => note.id === id);
    await Promise.all([
      ...notes.map(({ url }) => cache.delete(url)),
      ...found.map(({ url }) => eraseEntry(cache, url)),
    ]);
    return found.length > 0;
  }

  /** Deletes everything. */
  async clear() {
    // Entry by entry: who is writing holds the cache, and would go on in one that nobody can find.
    const cache = await this.#cache();
    if (cache) await Promise.all((await cache.keys()).map((request) => cache.delete(request)));
  }

  /** Bytes this origin uses and may use, as far as the browser says. */
  async estimate() {
    const { usage = 0, quota = 0 } = await this.#scope.navigator?.storage?.estimate?.().catch(() => undefined) ?? {};
    return { usage, quota };
  }

  /** Whether the browser keeps the store even when the disk fills up. */
  async persisted() {
    return await this.#scope.navigator?.storage?.persisted?.().catch(() => false) ?? false;
  }

  /** Asks the browser to do that; it may ask the user, and may say no. */
  async persist() {
    return await this.#scope.navigator?.storage?.persist?.().catch(() => false) ?? false;
  }

  /** @param {number} bytes */
  async #hasRoom(bytes) {
    const { usage, quota } = await this.estimate();
    return quota === 0 || quota - usage >= bytes;
  }

  /** @returns {Promise<Cache | undefined>} */
  async #cache() {
    try {
      // In a sandboxed frame the mere look at `caches` throws.
      return await this.#scope.caches?.open(CACHE);
    } catch {
      return undefined;
    }
  }
}

/** @param {{endpoint: string, id: string}} model @param {string} revision */
function folderUrl({ endpoint, id }, revision) {
  // An address, as that of a folder, would end at its query.
  return `${endpoint}/${id.includes(':') ? encodeURIComponent(id) : id}/resolve/${encodeURIComponent(revision)}`;
}

/** @param {Snapshot} snapshot @param {string} file */
function fileUrl(snapshot, file) {
  return `${folderUrl(snapshot, snapshot.commit)}/${pathOf(file)}`;
}

/**
 * Deletes the commits of a model that are out of date, and parts that no record knows of.
 * @param {Cache} cache
 * @param {Snapshot} current
 */
async function collect(cache, current) {
  const { entries, revisions, stray } = await survey(cache);
  /** @param {{endpoint: string, id: string}} model */
  const same = ({ endpoint, id }) => endpoint === current.endpoint && id === current.id;
  // A commit that was asked for by its name needs no second copy to be current.
  const branches = revisions.filter(({ note }) => same(note) && note.revision !== note.commit);
  const wanted = new Set([current.commit, ...branches.map(({ note }) => note.commit)]);
  /** @param {Snapshot} snapshot */
  const outdated = (snapshot) => same(snapshot) && !wanted.has(snapshot.commit);
  await Promise.all([
    ...revisions.filter(({ note }) => outdated(note)).map(({ url }) => cache.delete(url)),
    ...entries.filter(({ record }) => outdated(record.snapshot)).map(({ url }) => eraseEntry(cache, url)),
    ...stray.map((url) => cache.delete(url)),
  ]);
}

/**
 * Everything in the cache.
 * @param {Cache} cache
 */
async function survey(cache) {
  /** Addresses of parts, by file. @type {Map<string, string[]>} */
  const parts = new Map();
  /** @type {{url: string, record: import('./entries.js').EntryRecord}[]} */
  const records = [];
  /** @type {{url: string, note: Revision}[]} */
  const revisions = [];
  for (const request of await cache.keys()) {
    const [url, search] = request.url.split('?');
    const isNote = search === RECORD || search === REVISION;
    const note = isNote && await (await cache.match(request))?.json().catch(() => undefined);
    if (!note) parts.set(url, [...parts.get(url) ?? [], request.url]);
    else if (search === RECORD) records.push({ url, record: note });
    else revisions.push({ url: request.url, note });
  }
  const entries = records.map(({ url, record }) => {
    const count = Math.min(parts.get(url)?.length ?? 0, partCount(record));
    parts.delete(url);
    return { url, record, bytes: Math.min(count * record.partBytes, record.size) };
  });
  return { entries, revisions, stray: [...parts.values()].flat() };
}
