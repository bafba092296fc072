/**
 * The weights, in one file or in several, streamed from the network into the engine without ever being
 * whole in JavaScript.
 */

import { HeadwiseError } from './errors.js';

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * @typedef {import('./download.js').Download} Download
 * @typedef {import('./files.js').ModelFiles} ModelFiles
 * @typedef {import('./progress.js').Progress} Progress
 * @typedef {import('./runtime.js').Loader} Loader
 * @typedef {import('./runtime.js').Runtime} Runtime
 */

/**
 * Makes a loader of the index, if there is one, which says how many files there are.
 * @typedef {(index: Record<string, Uint8Array>) => Loader} MakeLoader
 */

/**
 * Fills a loader with weights that are as promised; where they are not, another one from the start.
 * @param {ModelFiles} files
 * @param {Progress} progress
 * @param {Runtime} runtime
 * @param {MakeLoader} makeLoader
 * @returns {Promise<Loader>} to be finished
 */
export async function loadWeights(files, progress, runtime, makeLoader) {
  return fill(files, progress, runtime, makeLoader).catch((error) => {
    if (files.fresh || !mayBeCorruption(error)) throw error;
    files.fresh = true;
    return fill(files, progress, runtime, makeLoader);
  });
}

/**
 * Whether another copy of the weights may be better. (A header that is damaged on its way is not
 * understood long before its file's hash is known.)
 * @param {unknown} error
 */
function mayBeCorruption(error) {
  return error instanceof HeadwiseError && !error.details.unlisted
    && (error.code === 'integrity' || error.code === 'safetensors');
}

/**
 * @param {ModelFiles} files
 * @param {Progress} progress
 * @param {Runtime} runtime
 * @param {MakeLoader} makeLoader
 * @returns {Promise<Loader>}
 */
async function fill(files, progress, runtime, makeLoader) {
  /** @type {Download[]} */
  const downloads = [];
  /** @type {Loader | undefined} */
  let loader;
  try {
    const found = await findWeights(files);
    if (!('index' in found)) downloads.push(found);
    loader = makeLoader('index' in found ? { [INDEX]: found.index } : {});
    const names = runtime.call(() => /** @type {Loader} */ (loader).files);
    if ('index' in found) downloads.push(...names.map((name) => files.download(name)));
    await stream(names, downloads, progress, runtime, loader);
    return loader;
  } catch (error) {
    runtime.free(loader);
    throw error;
  } finally {
    for (const download of downloads) download.close();
  }
}

/**
 * The one file of weights, or the list of several.
 * @param {ModelFiles} files
 * @returns {Promise<Download | {index: Uint8Array}>}
 */
async function findWeights(files) {
  try {
    const download = files.download(WEIGHTS);
    await download.open();
    return download;
  } catch (error) {
    if (!files.isAbsent(WEIGHTS, error)) throw error;
    return files.read(INDEX).then((index) => ({ index }), async (other) => {
      throw files.isAbsent(INDEX, other) ? await otherWeights(files, /** @type {HeadwiseError} */ (error)) : other;
    });
  }
}

/**
 * All headers first, for they tell whether the model can be loaded at all; then the bodies.
 * @param {string[]} names
 * @param {Download[]} downloads of those files
 * @param {Progress} progress
 * @param {Runtime} runtime
 * @param {Loader} loader
 */
async function stream(names, downloads, progress, runtime, loader) {
  /** Moves a chunk; returns whether there was one. @param {number} file */
  const step = async (file) => {
    const chunk = await downloads[file].next();
    if (chunk) runtime.call(() => loader.push(file, chunk));
    return chunk !== undefined;
  };
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const [file, name] of names.entries()) {
    progress.begin(name);
    let size;
    do size = runtime.call(() => loader.file_bytes(file));
    while (size === undefined && await step(file));
    sizes[name] = size ?? downloads[file].loaded;
    // Servers give up on connections that wait, and browsers have few for one server.
    if (names.length > 1 && downloads[file].loaded < sizes[name]) downloads[file].pause();
  }
  progress.expect(sizes);
  for (const [file, name] of names.entries()) {
    do progress.advance(name, downloads[file].loaded);
    while (await step(file));
  }
}

/**
 * The error of a model without safetensors, which says what it has instead.
 * @param {ModelFiles} files
 * @param {HeadwiseError} error
 */
async function otherWeights(files, { code, message, details }) {
  const pickled = 'pytorch_model.bin';
  if (!await files.has(pickled)) return new HeadwiseError(code, message, details);
  return new HeadwiseError(code,
    'This model has no model.safetensors, only pytorch_model.bin. Convert it in Python:\n'
    + 'from transformers import AutoModelForSequenceClassification as Model\n'
    + "Model.from_pretrained('user/model').save_pretrained('folder', safe_serialization=True)",
    { ...details, found: pickled });
}
