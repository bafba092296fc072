/**
 * What a model consists of, to be written into an application: its commit, and the hash of each file that a
 * load fetches, as the option `integrity` takes them.
 */

import { integrityOf } from '../base/verify.js';
import { withModules } from '../runtime/modules.js';
import { openFiles, sourceOf } from './files.js';
import { readSmallFiles } from './small.js';
import { newLoader, weightFiles } from './weights.js';

/** @typedef {{commit?: string, integrity: Record<string, string>}} Lock `commit` is known of models from a Hub */

/** @typedef {{revision?: string | null, endpoint?: string | null, token?: string, cache_dir?: string | null,
 *   signal?: AbortSignal | null}} LockOptions */
/** @typedef {import('./files.js').ModelFiles} ModelFiles */

/**
 * Takes hashes of large files from the Hub's list where it has them, and fetches or reads what it has to hash.
 * @param {import('./files.js').ModelReference} model
 * @param {string} task what the model is for
 * @param {LockOptions} given
 * @param {import('../host.js').Host} host
 * @returns {Promise<Lock>}
 */
export async function lock(model, task, given, host) {
  const { signal, ...options } = { ...host.defaults?.(), ...given };
  const what = /** @type {const} */ ({ part: 'pipeline', task });
  const opened = withModules(host, (wasm) => host.runtime.open({ wasm }));
  const instance = await opened;
  const files = await openFiles(sourceOf(model, options, host), host, {
    ...options, signal: signal ?? new AbortController().signal, newSha256: async () => instance.sha256(),
  });
  try {
    const { small, home } = await readSmallFiles(files, opened, what);
    const weights = await weightFiles(files, home, instance, async (index) =>
      newLoader(instance, what, { ...small, ...index }));
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
  const { sha256 } = 'expected' in files ? files.expected(name) : {};
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
