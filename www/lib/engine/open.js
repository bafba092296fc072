/**
 * From a reference to a model and options to an engine that has loaded it: what `pipeline()` and
 * `from_pretrained()` share.
 */

import { Client } from './client.js';
import { HeadwiseError } from '../errors.js';
import { openEngine } from './start.js';
import { pageUrl, refuseRemote, resolveModel } from '../source/hub.js';
import { byName } from '../source/local.js';

/** A Hub id, the URL of a folder, or the files of a model. @typedef {string | Iterable<File>} ModelReference */

/** @typedef {import('../options.js').GivenLoadOptions} GivenLoadOptions */

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
 * @param {import('../runtime/runtime.js').Runtime} runtime of this thread, used with `worker: false`
 * @param {import('./load.js').What} what
 * @param {ModelReference} model
 * @param {GivenLoadOptions} options
 * @returns {Promise<{client: Client, info: any}>} the engine and what it says of what it loaded
 */
export async function open(runtime, what, model, options) {
  const source = sourceOf(model, options);
  const body = await loadBody(options);
  if (options.allow_remote === false) refuseRemote([options.local_files_only ? undefined : source.url, body.wasmUrl]);
  const { client, warnings: ofEngine } = await startEngine(runtime, options);
  try {
    const info = await client.request('load', { source, ...body, ...what },
      { signal: options.signal, onProgress: options.progress_callback });
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
    throw error;
  }
}

/**
 * An engine that runs: in this thread, if the worker that is meant by default cannot be started.
 * @param {import('../runtime/runtime.js').Runtime} runtime
 * @param {GivenLoadOptions} options
 * @returns {Promise<{client: Client, warnings: string[]}>}
 */
async function startEngine(runtime, { worker = true, fetch, signal }) {
  /** @type {Client | undefined} */
  let client;
  try {
    client = new Client(openEngine(worker, runtime, fetch));
    if (worker === true) await client.request('ping', {}, { signal });
    return { client, warnings: [] };
  } catch (error) {
    client?.dispose();
    if (worker !== true || !(error instanceof HeadwiseError) || error.code !== 'crashed') throw error;
    const warning = `it runs in the thread of the page, which does nothing else while it computes. ${error.message}`;
    return { client: new Client(openEngine(false, runtime)), warnings: [warning] };
  }
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
 * @param {ModelReference} model
 * @param {GivenLoadOptions} options
 * @returns {import('../source/hub.js').ModelSource | {id: string, files: Map<string, File>, url?: undefined}}
 */
function sourceOf(model, options) {
  if (typeof model === 'string' || typeof (/** @type {any} */ (model)?.[Symbol.iterator]) !== 'function') {
    return resolveModel(/** @type {string} */ (model), options);
  }
  const all = [...model];
  if (!all.every((file) => file instanceof File)) {
    throw new HeadwiseError('model', 'A model that is given as a list has to be a list of Files.', { supported: ['File'] });
  }
  const [folder] = (all[0]?.webkitRelativePath ?? '').split('/');
  return { id: folder || 'local files', files: byName(all) };
}

/**
 * The options that the engine needs, as plain data.
 * @param {GivenLoadOptions} options
 * @returns {Promise<Omit<import('./load.js').LoadRequest, 'source' | keyof import('./load.js').What>>}
 */
async function loadBody(options) {
  const { token, integrity, allow_remote, local_files_only, config, variant, wasmUrl, dtype, maxMemory, keep, new_head } = options;
  return {
    token: typeof token === 'function' ? await token() : token,
    integrity,
    allow_remote,
    local_files_only,
    config: config && JSON.stringify(config),
    variant,
    wasmUrl: wasmUrl && new URL(wasmUrl, pageUrl()).href,
    dtype,
    maxMemory,
    keep,
    new_head,
  };
}
