/**
 * A model in files that a person chose or dropped: nothing of it is fetched.
 */

import { HeadwiseError } from '../errors.js';
import { ChunkStream } from './stream.js';

/** Files of a model that are here already, as `RemoteFiles` has those of a server. */
export class LocalFiles {
  fresh = false;
  commit = undefined;
  instead = undefined;
  stores = false;
  cached = false;
  #files;

  /** @param {Map<string, Blob>} files by name */
  constructor(files) {
    // Some systems take the letters of a name apart.
    this.#files = new Map([...files].map(([name, file]) => [name.normalize(), file]));
  }

  again() {
    return this;
  }

  /** @param {string} file */
  lists(file) {
    return this.#files.has(file.normalize());
  }

  /** @param {string} file @param {unknown} error @returns {error is HeadwiseError} */
  isAbsent(file, error) {
    return error instanceof HeadwiseError && error.code === 'not-found' && !this.lists(file);
  }

  mayBeBetter() {
    return false;
  }

  /** @param {string} file */
  async has(file) {
    return this.lists(file);
  }

  /** @param {string} file */
  async stream(file) {
    return new ChunkStream(chunksOf(await this.blob(file), file));
  }

  /** @param {string} file @returns {Promise<import('../base/chunks.js').Bytes>} */
  async read(file) {
    return new Uint8Array(await (await this.blob(file)).arrayBuffer().catch((error) => { throw unreadable(file, error); }));
  }

  /** @param {string} file */
  async blob(file) {
    const blob = this.#files.get(file.normalize());
    if (blob) return blob;
    const found = [...this.#files.keys()].sort();
    throw new HeadwiseError('not-found', `There is no ${file} among the files: ${found.join(', ')}.`, { file, found });
  }

  // What is here needs no store.

  async converted() {
    return undefined;
  }

  async keepConverted() {
    return undefined;
  }

  async dropFetched() {}

  /** @param {{weights: boolean}} _loaded @returns {Promise<string | undefined>} */
  async finish(_loaded) {
    return undefined;
  }

  close() {}
}

/**
 * Files by their names in a model: paths below the one folder that holds them all, where its `config.json` is, or the
 * `modules.json` that names other folders.
 * @param {Iterable<File>} files
 * @returns {Map<string, File>}
 */
export function byName(files) {
  const all = [...files].map((file) => ({ file, path: (file.webkitRelativePath || file.name).replace(/^\/+/, '') }));
  // What a person picks is the folder of the model, or one around it.
  const home = all.map(({ path }) => path).filter((path) => /(^|\/)(config|modules)\.json$/.test(path))
    .sort((a, b) => a.split('/').length - b.split('/').length)[0]?.replace(/[^/]*$/, '') ?? '';
  return new Map(all.filter(({ path }) => path.startsWith(home)).map(({ file, path }) => [path.slice(home.length), file]));
}

/**
 * The files behind something that was dropped on a page; folders are opened. To be called while the event
 * is handled: afterwards browsers have forgotten them.
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function droppedFiles(transfer) {
  const items = [...transfer.items].filter(({ kind }) => kind === 'file');
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return (await Promise.all(entries.map((entry) => (entry instanceof File ? [entry] : entry ? filesUnder(entry) : [])))).flat();
}

/** @param {FileSystemEntry} entry @returns {Promise<File[]>} */
async function filesUnder(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject); });
    // A dropped file does not tell where in the folder it was.
    return [Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.slice(1) })];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {FileSystemEntry[]} */
  const children = [];
  for (;;) {
    // It gives a hundred at a time.
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (some.length === 0) break;
    children.push(...some);
  }
  return (await Promise.all(children.map(filesUnder))).flat();
}

/**
 * @param {Blob} blob
 * @param {string} file
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
async function* chunksOf(blob, file) {
  const reader = blob.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => { throw unreadable(file, error); });
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} file @param {unknown} cause */
function unreadable(file, cause) {
  // Browsers refuse a file that changed since it was chosen.
  return new HeadwiseError('not-found', `${file} cannot be read any more: was it changed or deleted?`, { file }, { cause });
}
