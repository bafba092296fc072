/** The files of a model, wherever they are. */

import { HeadwiseError } from '../errors.js';
import { resolveModel } from './hub.js';
import { LocalFiles, byName } from './local.js';
import { RemoteFiles } from './remote.js';

/** A Hub id, the URL of a folder, or the files of a model. @typedef {string | URL | Iterable<File>} ModelReference */

/** @typedef {RemoteFiles | LocalFiles} ModelFiles */
/** @typedef {import('../store/store.js').Store} Store */

/**
 * A place that is fetched from, a folder on disk, or files that are here.
 * @typedef {import('./hub.js').ModelSource | {id: string, folder: string} | {id: string, files: Map<string, Blob>}} Source
 */

/**
 * What a reference to a model means.
 * @param {ModelReference} model
 * @param {{endpoint?: string | null, revision?: string | null}} options
 * @param {{folderOf?: (model: string) => string | undefined}} host
 * @returns {Source & {url?: string, query?: string}}
 */
export function sourceOf(model, options, { folderOf }) {
  const id = model instanceof URL ? model.href : model;
  const folder = typeof id === 'string' ? folderOf?.(id) : undefined;
  if (folder !== undefined) return { id: /** @type {string} */ (id), folder };
  if (typeof id === 'string' || typeof (/** @type {any} */ (id)?.[Symbol.iterator]) !== 'function') {
    return resolveModel(/** @type {string} */ (id), options);
  }
  const all = [...id];
  if (!all.every((file) => file instanceof File)) {
    throw new HeadwiseError('model', 'A model as a list has to be a list of Files.', { supported: ['File'] });
  }
  const [home] = (all[0]?.webkitRelativePath ?? '').split('/');
  return { id: home || 'local files', files: byName(all) };
}

/**
 * @param {Source} source
 * @param {{store: Store, storeAt?: (folder?: string | null) => Store | undefined, openFolder?: (folder: string) => Promise<ModelFiles>}} host
 * @param {Omit<import('./remote.js').RemoteOptions, 'store'> & {cache_dir?: string | null}} options
 * @returns {Promise<ModelFiles>}
 */
export async function openFiles(source, host, options) {
  if ('files' in source) return new LocalFiles(source.files);
  // Who says what a folder is opens it, too.
  if ('folder' in source) return /** @type {Required<typeof host>} */ (host).openFolder(source.folder);
  return RemoteFiles.open(source, { ...options, store: host.storeAt?.(options.cache_dir) ?? host.store });
}
