/** The files of a model, wherever they are. */

import { LocalFiles } from './local.js';
import { RemoteFiles } from './remote.js';

/** @typedef {RemoteFiles | LocalFiles} ModelFiles */

/** A place, or files that are here. @typedef {import('./hub.js').ModelSource | {id: string, files: Map<string, Blob>}} Source */

/**
 * @param {Source} source
 * @param {import('./remote.js').RemoteOptions} options
 * @returns {Promise<ModelFiles>}
 */
export async function openFiles(source, options) {
  return 'files' in source ? new LocalFiles(source.files) : RemoteFiles.open(source, options);
}
