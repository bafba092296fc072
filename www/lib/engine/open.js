/**
 * From a reference to a model and options to an engine that has loaded it, which others may share: what `pipeline()` and
 * `from_pretrained()` have in common.
 */

import { HeadwiseError } from '../errors.js';
import { isWorker, passedOptions } from '../options.js';
import { sourceOf } from '../source/files.js';
import { meantFolder, refuseRemote } from '../source/hub.js';
import { withModules } from '../runtime/modules.js';
import { Session } from './session.js';
import { startEngine } from './start.js';

/** @typedef {import('../source/files.js').ModelReference} ModelReference */
/** @typedef {import('../options.js').GivenLoadOptions} GivenLoadOptions */
/** @typedef {import('../host.js').Host} Host */
/** @typedef {import('./client.js').Client} Client */
/** @typedef {import('./session.js').User} User */

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

/** Sessions that may be shared, by what was asked for. @type {Map<string, Session>} */
const shared = new Map();
/** What stands there for something that is only itself. @type {WeakMap<object, number>} */
const numbers = new WeakMap();

/**
 * Has an engine load something; without anybody to use it, it ends.
 * @param {Host} host
 * @param {import('../source/small.js').What} what
 * @param {ModelReference} model
 * @param {GivenLoadOptions} asked
 * @returns {Promise<User>}
 */
export async function open(host, what, model, asked) {
  const options = { ...host.defaults?.(), ...asked };
  // It may be read again, which not everything that can be iterated over can.
  const given = typeof model === 'object' && Symbol.iterator in Object(model) ? [.../** @type {Iterable<File>} */ (model)] : model;
  const session = options.share_engine && typeof given === 'string' ? sharedSession(host, what, given, options)
    : new Session(startOf(host, what, given, options));
  return session.join(options);
}

/** @type {(...args: Parameters<typeof open>) => Session} */
function sharedSession(host, what, model, options) {
  const { signal, progress_callback, ...others } = options;
  const of = JSON.stringify([what, model, others], (_, value) => (isData(value) ? value : numberOf(value)));
  const found = shared.get(of) ?? new Session(startOf(host, what, model, options), () => shared.delete(of));
  shared.set(of, found);
  return found;
}

/** Whether a value is what it is made of; functions, workers and modules are only themselves. @param {unknown} value */
function isData(value) {
  return Object(value) !== value || [Object, Array].includes(/** @type {any} */ (value).constructor);
}

/** @param {object} value */
function numberOf(value) {
  const number = numbers.get(value) ?? Math.random();
  numbers.set(value, number);
  return number;
}

/**
 * How an engine is started and loads: for the first time, or the commit that was there before.
 * @param {Host} host
 * @param {import('../source/small.js').What} what
 * @param {ModelReference} model
 * @param {GivenLoadOptions} options
 * @returns {import('./session.js').Start}
 */
function startOf(host, what, model, options) {
  return async (signal, report, before) => {
    if (before && isWorker(options.worker)) throw irreplaceable();
    const source = sourceOf(model, { ...options, ...before?.commit && { revision: before.commit } }, host);
    const passed = await passedOptions(options);
    if (options.allow_remote === false) {
      refuseRemote([options.local_files_only ? undefined : source.url, ...Object.values(passed.wasm ?? {})]);
    }
    const { client, warnings: ofEngine } = await startEngine(host, { ...options, signal });
    try {
      const info = await load(client, host, { source, what, options: passed }, { signals: [signal], onProgress: report });
      const { revision } = info;
      const warnings = [
        ...ofEngine,
        ...revision ? [`its safetensors are of the open pull request ${revision}.`] : [],
        ...info.warnings ?? [],
      ];
      if (!before) for (const warning of warnings) console.warn(`${source.id}: ${warning}`);
      return { client, info: { ...info, warnings, id: source.id, url: source.url && source.url + (source.query ?? '') } };
    } catch (error) {
      client.dispose();
      throw 'endpoint' in source ? await meantFolder(error, source) : error;
    }
  };
}

function irreplaceable() {
  return new HeadwiseError('worker-lost', 'The given worker is gone. Give a function that makes another: '
    + 'worker: () => new Worker(…).', { option: 'worker' });
}

/**
 * Asks an engine to load with the modules that are given, or else with the package's.
 * @param {Client} client
 * @param {Host} host
 * @param {import('./load.js').LoadRequest} request
 * @param {import('./client.js').RequestOptions} how
 */
function load(client, host, request, how) {
  if (request.options.wasm) return client.request('load', request, how);
  return withModules(host, (wasm) => client.request('load', { ...request, options: { ...request.options, wasm } }, how));
}

/**
 * A function with properties, frozen, that ends its engine when it is disposed.
 * @template {Function} Call
 * @template {object} Properties
 * @param {User} client
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
