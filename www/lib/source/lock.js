/**
 * What a model consists of, to be written into an application: its commit, and the hash of each file that a
 * load fetches, as the option `integrity` takes them.
 */

import { ModelFiles } from './remote.js';
import { resolveModel } from './hub.js';
import { newLoader } from '../engine/load.js';
import { readSmallFiles } from './small.js';
import { taskOf } from '../tasks/index.js';
import { integrityOf } from '../base/verify.js';
import { weightFiles } from './weights.js';

/** @typedef {{commit?: string, integrity: Record<string, string>}} Lock `commit` is known of models from a Hub */

/**
 * Options of `models.lock`; `task` is what the model is for, `'text-classification'` by default.
 * @typedef {Pick<import('../options.js').LoadOptions, 'revision' | 'endpoint' | 'signal'>
 *   & {token?: string, task?: import('../pipeline.js').Task}} LockOptions
 */

/**
 * Takes hashes of large files from the Hub's list where it has them, and fetches what it has to hash.
 * @param {string} model a Hub id, or the URL of a folder
 * @param {LockOptions} options
 * @param {import('../runtime/runtime.js').Runtime} runtime
 * @returns {Promise<Lock>}
 */
export async function lock(model, { signal, token, task = 'text-classification', ...where }, runtime) {
  const request = /** @type {const} */ ({ part: 'pipeline', task: taskOf(task) });
  const opened = runtime.open();
  const instance = await opened;
  const files = await ModelFiles.open(resolveModel(model, where), {
    token, signal: signal ?? new AbortController().signal, newSha256: async () => instance.sha256(),
  });
  try {
    const { small, home } = await readSmallFiles(files, opened, request);
    const weights = await weightFiles(files, home, instance, async (index) =>
      newLoader(request, instance, { ...small, ...index }, false));
    const names = [...Object.keys(small).sort(), ...weights];
    const hashes = await Promise.all(names.map(async (name) => [name, integrityOf(await hashOf(files, name, instance))]));
    return { ...files.commit && { commit: files.commit }, integrity: Object.fromEntries(hashes) };
  } finally {
    files.close();
  }
}

/**
 * In hexadecimal.
 * @param {ModelFiles} files
 * @param {string} name
 * @param {import('../runtime/runtime.js').Instance} instance
 */
async function hashOf(files, name, instance) {
  const { sha256 } = files.expected(name);
  if (sha256) return sha256;
  const hash = instance.sha256();
  const stream = await files.stream(name);
  try {
    for (let chunk; (chunk = await stream.next());) hash.update(chunk);
  } catch (error) {
    hash.free();
    throw error;
  } finally {
    stream.close();
  }
  return hash.digest();
}
