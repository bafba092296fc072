/**
 * From a model and options as transformers.js takes them, with the settings of `env`, to those of the package: which
 * places are tried one after the other, and what is said of what does not apply.
 */

import { HeadwiseError } from '../errors.js';
import { HUB_PATH, env, givenFetch, warnOnce } from './env.js';
import { convertedName, originalOf } from './originals.js';
import { withKnown } from './tolerant.js';

/** @typedef {import('../engine/open.js').ModelReference} ModelReference */

/**
 * What transformers.js takes beside the options of the package.
 * @typedef {object} OtherOptions
 * @property {string | Record<string, string> | null} [dtype] also those of ONNX files, or one for each file
 * @property {string | Record<string, string> | null} [device] all of them are the CPU
 * @property {boolean} [quantized] in place of `dtype`, as version 2 had it
 * @property {string | null} [subfolder] only that of ONNX files, which is not looked at
 * @property {string | null} [model_file_name] not looked at: weights are `model.safetensors`
 * @property {any} [use_external_data_format] changes nothing
 * @property {any} [session_options] changes nothing
 */

/** @typedef {Omit<import('../options.js').LoadOptions, keyof OtherOptions> & OtherOptions} LoadOptions */

/** Types of ONNX files whose weights are held in 8 bits here. */
const OF_ONNX = ['int8', 'uint8', 'q4', 'q4f16', 'bnb4', 'q2', 'q2f16', 'q1', 'q1f16'];

/** Devices that mean this one. */
const HERE = ['auto', 'wasm', 'cpu'];

/**
 * Loads a model from the first place that has it.
 * @template Loaded
 * @param {ModelReference} model
 * @param {LoadOptions | null | undefined} options
 * @param {(model: ModelReference, options: import('../options.js').LoadOptions) => Promise<Loaded>} load
 * @returns {Promise<Loaded>}
 */
export async function loadFirst(model, options, load) {
  adviseOnce();
  const own = ownOptions(options ?? {});
  const places = placesOf(model, own);
  for (const [number, place] of places.entries()) {
    try {
      return await withKnown({ ...own, ...place.options }, (known) => load(place.model, known));
    } catch (error) {
      if (number === places.length - 1 || !isAbsence(error)) throw await explained(model, own, error);
    }
  }
  throw new HeadwiseError('option', 'env.allowLocalModels and env.allowRemoteModels are both false: there is nowhere to load '
    + 'a model from.', { option: 'env', supported: ['env.allowLocalModels = true', 'env.allowRemoteModels = true'] });
}

/**
 * Whether there is no such model: a server, or an application for all its addresses, may say so in several ways.
 * @param {unknown} error
 * @returns {error is HeadwiseError}
 */
function isAbsence(error) {
  return error instanceof HeadwiseError && ['not-found', 'content', 'access', 'model'].includes(error.code);
}

/**
 * The options that the package takes.
 * @param {LoadOptions} options
 * @returns {import('../options.js').LoadOptions}
 */
function ownOptions(options) {
  const { dtype, device, quantized, subfolder, model_file_name, use_external_data_format, session_options, ...own } = options;
  if (subfolder && subfolder !== 'onnx') {
    warnOnce(`“subfolder: ${subfolder}” is left aside: files are read from the folder of the model itself.`);
  }
  if (model_file_name) {
    warnOnce(`“model_file_name: ${model_file_name}” is left aside: weights are read from model.safetensors.`);
  }
  const devices = typeof device === 'object' && device !== null ? Object.values(device) : [device];
  const other = devices.find((name) => name != null && !HERE.includes(name));
  if (other) warnOnce(`“device: ${other}” is left aside: Headwise computes on the CPU.`);
  const fetch = givenFetch();
  return /** @type {import('../options.js').LoadOptions} */ ({
    ...env.cacheDir && { cache_dir: env.cacheDir },
    // A function cannot be handed to a worker.
    ...fetch && { fetch, worker: false },
    ...own,
    dtype: dtypeOf(dtype ?? (quantized === undefined ? undefined : quantized ? 'q8' : 'fp32')),
  });
}

/** @param {LoadOptions['dtype']} given */
function dtypeOf(given) {
  // Of several files an encoder has one.
  const ofFiles = typeof given === 'object' && given !== null;
  const name = ofFiles ? given.model ?? given.encoder_model ?? Object.values(given)[0] : given;
  if (name == null || !OF_ONNX.includes(name)) return name;
  warnOnce(`“dtype: ${name}” is a type of ONNX files; the weights are held as 'q8'.`);
  return 'q8';
}

/**
 * Where a model may be, in the order in which it is looked for.
 * @param {ModelReference} model
 * @param {import('../options.js').LoadOptions} options
 * @returns {{model: ModelReference, options?: import('../options.js').LoadOptions}[]}
 */
function placesOf(model, { revision, endpoint }) {
  // What is no id says itself where it is.
  if (typeof model !== 'string' || !/^[\w-][\w.-]*(\/[\w.-]+)?$/.test(model)) return [{ model }];
  const local = env.allowLocalModels ? [{ model: joined(env.localModelPath, model) }] : [];
  const id = originalOf(model);
  const stored = { model: id, options: { endpoint, local_files_only: true } };
  if (!env.allowRemoteModels) return env.allowLocalModels ? [stored, ...local] : [];
  if (id !== model) warnOnce(`${model} is a conversion to ONNX; ${id} has the same model in safetensors, which is loaded.`);
  if (env.remotePathTemplate === HUB_PATH) {
    return [...local, { model: id, options: { endpoint: endpoint ?? env.remoteHost } }];
  }
  const path = env.remotePathTemplate.replaceAll('{model}', id)
    .replaceAll('{revision}', encodeURIComponent(revision ?? 'main'));
  return [...local, { model: joined(env.remoteHost, path) }];
}

/** @param {string} base @param {string} path */
function joined(base, path) {
  return `${base.replace(/\/+$/, '')}/${path.replace(/^\/+|\/+$/g, '')}/`;
}

/**
 * The error of a conversion to ONNX, with the model that it was made of.
 * @param {ModelReference} model
 * @param {import('../options.js').LoadOptions} options
 * @param {unknown} error
 */
async function explained(model, options, error) {
  const name = typeof model === 'string' && originalOf(model) === model ? convertedName(model) : undefined;
  if (name === undefined || !isAbsence(error)) return error;
  const { code, message, details } = error;
  const original = await statedOriginal(String(model), options);
  const hint = original ? `It was made of ${original}: load that.`
    : `Its original has the same name: https://huggingface.co/models?search=${encodeURIComponent(name)}`;
  return new HeadwiseError(code, `${model} is a conversion to ONNX, and Headwise reads safetensors. ${hint} (${message})`,
    { ...details, ...original && { original } }, { cause: error });
}

/**
 * What the card of a model names as its base, if it may be asked for.
 * @param {string} id
 * @param {import('../options.js').LoadOptions} options
 */
async function statedOriginal(id, { endpoint, fetch = globalThis.fetch, allow_remote, local_files_only }) {
  if (!env.allowRemoteModels || allow_remote === false || local_files_only) return undefined;
  try {
    const response = await fetch?.(`${joined(endpoint ?? env.remoteHost, `${id}/resolve/main`)}README.md`);
    return /^base_model:\s*(?:-\s*)?["']?([\w.-]+\/[\w.-]+)/m.exec(response?.ok ? await response.text() : '')?.[1];
  } catch {
    return undefined;
  }
}

/** Says what takes the place of settings that were made and mean nothing here. */
function adviseOnce() {
  const { wasm = {} } = env.backends.onnx ?? {};
  if (env.useCustomCache) {
    warnOnce('“env.useCustomCache” is left aside: give the load a `fetch` of your own, with `worker: false`.');
  }
  if (typeof globalThis.document !== 'undefined' && !env.useBrowserCache) {
    warnOnce('“env.useBrowserCache = false” is left aside: models of the Hub are stored; '
      + '`models.delete(id)` takes one away.');
  }
  if (wasm.wasmPaths) {
    warnOnce('“wasmPaths” are those of ONNX Runtime and left aside: Headwise finds its own files beside the package, '
      + 'or where the option `wasm` of a load says.');
  }
  if (wasm.numThreads > 1) warnOnce('“numThreads” is left aside: each pipeline computes in one thread of its own.');
}
