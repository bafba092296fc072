/**
 * From a reference to a model and options to an engine that has loaded it: what `pipeline()` and
 * `from_pretrained()` share.
 */

import { HeadwiseError } from '../errors.js';
import { passedOptions } from '../options.js';
import { meantFolder, refuseRemote, resolveModel } from '../source/hub.js';
import { byName } from '../source/local.js';
import { withModules } from '../runtime/modules.js';
import { startEngine } from './start.js';

/** A Hub id, the URL of a folder, or the files of a model. @typedef {string | Iterable<File>} ModelReference */

/** @typedef {import('../options.js').GivenLoadOptions} GivenLoadOptions */
/** @typedef {import('./client.js').Client} Client */
/** @typedef {import('../host.js').Host} Host */

/**
 * Where a model came from: `url` is its folder, unless it was given as files; `commit` is known of models from a
 * Hub, `revision` is the one in place of the one that was asked for; `cached` tells whether it is stored for the
 * next time.
 * @typedef {{id: string, url?: string, commit?: string, revision?: string, cached: boolean}} Origin
 */

/**
 * What everything that was loaded offers: `files()` gives the files it was made of, from which it can be loaded
 * again without a network; `dispose()` gives its memory back.
 * @typedef {{
 *   files(): Promise<File[]>,
 *   dispose(): Promise<void>,
 *   [Symbol.asyncDispose](): Promise<void>,
 * }} Disposable
 */

/**
 * Starts an engine and has it load something; the engine ends when that fails.
 * @param {Host} host
 * @param {import('../source/small.js').What} what
 * @param {ModelReference} model
 * @param {GivenLoadOptions} options
 * @returns {Promise<{client: Client, info: any}>} the engine and what it says of what it loaded
 */
export async function open(host, what, model, options) {
  const source = sourceOf(host, model, options);
  const passed = await passedOptions(options);
  if (options.allow_remote === false) {
    refuseRemote([options.local_files_only ? undefined : source.url, ...Object.values(passed.wasm ?? {})]);
  }
  const { client, warnings: ofEngine } = await startEngine(host, options);
  try {
    const info = await load(client, host, { source, what, options: passed }, options);
    const { revision } = info;
    const warnings = [
      ...ofEngine,
      ...revision ? [`it has no safetensors of its own; these are of the open pull request ${revision}.`] : [],
      ...info.warnings ?? [],
    ];
    for (const warning of warnings) console.warn(`${source.id}: ${warning}`);
    return { client, info: { ...info, warnings, id: source.id, url: source.url } };
  } catch (error) {
    client.dispose();
    throw 'endpoint' in source ? await meantFolder(error, source) : error;
  }
}

/**
 * Has an engine load something with the modules that are given, or else with the package's.
 * @param {Client} client
 * @param {Host} host
 * @param {import('./load.js').LoadRequest} request
 * @param {GivenLoadOptions} options
 */
async function load(client, host, request, { signal, progress_callback: onProgress, wasm }) {
  if (wasm) return client.request('load', request, { signal, onProgress });
  return withModules(host, (modules) =>
    client.request('load', { ...request, options: { ...request.options, wasm: modules } }, { signal, onProgress }));
}

/**
 * A function with properties, frozen, that ends its engine when it is disposed.
 * @template {Function} Call
 * @template {object} Properties
 * @param {Client} client
 * @param {Call} call
 * @param {Properties} properties
 * @returns {Call & Readonly<Properties> & Disposable}
 */
export function disposable(client, call, properties) {
  const dispose = async () => client.dispose();
  const files = async () => (await client.request('files', {}))
    .map((/** @type {{name: string, blob: Blob}} */ { name, blob }) => new File([blob], name));
  return /** @type {any} */ (Object.freeze(Object.assign(call, properties, {
    files,
    dispose,
    // Where the symbol is missing, compilers of `await using` look for this one.
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: dispose,
  })));
}

/** @template {object} T @param {T} value @returns {Readonly<T>} */
export function deepFreeze(value) {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}

/**
 * @param {Host} host
 * @param {ModelReference} model
 * @param {GivenLoadOptions} options
 * @returns {import('../source/files.js').Source & {url?: string}}
 */
function sourceOf({ folderOf }, model, options) {
  const onDisk = typeof model === 'string' ? folderOf?.(model) : undefined;
  if (onDisk !== undefined) return { id: /** @type {string} */ (model), folder: onDisk };
  if (typeof model === 'string' || typeof (/** @type {any} */ (model)?.[Symbol.iterator]) !== 'function') {
    return resolveModel(/** @type {string} */ (model), options);
  }
  const all = [...model];
  if (!all.every((file) => file instanceof File)) {
    throw new HeadwiseError('model', 'A model that is given as a list is one of Files.', { supported: ['File'] });
  }
  const [folder] = (all[0]?.webkitRelativePath ?? '').split('/');
  return { id: folder || 'local files', files: byName(all) };
}
