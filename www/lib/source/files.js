/** The files of a model, wherever they are. */

import { LocalFiles } from './local.js';
import { RemoteFiles } from './remote.js';

/** @typedef {RemoteFiles | LocalFiles} ModelFiles */

/**
 * A place that is fetched from, a folder on disk, or files that are here.
 * @typedef {import('./hub.js').ModelSource | {id: string, folder: string} | {id: string, files: Map<string, Blob>}} Source
 */

/**
 * @param {Source} source
 * @param {{store: import('../store/store.js').Store, openFolder?: (folder: string) => Promise<ModelFiles>}} host
 * @param {Omit<import('./remote.js').RemoteOptions, 'store'>} options
 * @returns {Promise<ModelFiles>}
 */
export async function openFiles(source, { store, openFolder }, options) {
  if ('files' in source) return new LocalFiles(source.files);
  // Who resolves a reference to a folder can open it.
  if ('folder' in source) return /** @type {NonNullable<typeof openFolder>} */ (openFolder)(source.folder);
  return RemoteFiles.open(source, { ...options, store });
}
