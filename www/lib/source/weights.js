/**
 * The weights, in one file or in several, streamed from the network into the engine without ever being
 * whole in JavaScript.
 */

import { HeadwiseError } from '../errors.js';
import { Conversion } from './conversion.js';
import { mayHaveModules } from './small.js';
import { ChunkStream } from './stream.js';

export const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** Bytes of a header that are read at a time: what comes with it has to wait for the other headers. */
const HEADER_STEP = 1 << 16;

/**
 * @typedef {import('./stream.js').FileStream} FileStream
 * @typedef {import('./files.js').ModelFiles} ModelFiles
 * @typedef {Extract<import('./small.js').What, {part: 'pipeline' | 'model'}>} What what has weights
 * @typedef {import('./progress.js').Progress} Progress
 * @typedef {import('../runtime/glue.js').Loader} Loader
 * @typedef {import('../runtime/runtime.js').Instance} Instance
 */

/**
 * Makes a loader of the encoder's index, if there is one, which says how many files there are, theirs first; one that
 * converts, if that is wanted.
 * @typedef {(index: Record<string, Uint8Array>, convert: boolean) => Promise<Loader>} MakeLoader
 */

/**
 * What the weights are loaded with: `home` is the folder of the encoder within the model's, `keptAs` is the dtype in
 * which they are to be stored, if not as they come.
 * @typedef {object} Means
 * @property {string} home
 * @property {Progress} progress
 * @property {Instance} instance
 * @property {MakeLoader} makeLoader
 * @property {import('../runtime/glue.js').Dtype | undefined} keptAs
 */

/**
 * A loader that is to be finished, the files that were read into it, and whether they are those of the model
 * or what an earlier load, or this one, made of them.
 * @typedef {{loader: Loader, names: string[], converted: boolean}} Weights
 */

/**
 * The dtype in which the weights are to be stored, if not as they come. (What `auto` comes to is known too late, and
 * keeps the numbers of the file anyway. Models in several folders may have weights in each.)
 * @param {What} what
 * @param {{keep?: 'converted' | 'source', dtype?: import('../runtime/glue.js').Dtype | 'auto'}} options
 * @param {ModelFiles} files
 */
export function keptAs(what, { keep = 'converted', dtype }, files) {
  if (keep !== 'converted' || mayHaveModules(what) || !files.stores) return undefined;
  return dtype === 'fp16' || dtype === 'q8' ? dtype : undefined;
}

/**
 * A loader of what is wanted that has read the small files.
 * @param {Instance} instance
 * @param {What} what
 * @param {Record<string, Uint8Array>} small
 * @param {import('../runtime/glue.js').LoaderOptions} [options]
 * @returns {Loader}
 */
export function newLoader(instance, what, small, options) {
  const wanted = what.part === 'pipeline' ? { task: what.task } : { head: what.head };
  return instance.call((glue) => new glue.Loader(small, { ...options, ...wanted }));
}

/**
 * Fills a loader with weights that are as promised; where they are not, another one from the start.
 * @param {ModelFiles} files
 * @param {Means} means
 * @returns {Promise<Weights>}
 */
export async function loadWeights(files, means) {
  return fill(files, means).catch((error) => {
    if (files.fresh || !mayBeCorruption(files, error)) throw error;
    files.fresh = true;
    return fill(files, means);
  });
}

/**
 * Whether another copy of the weights may be better. (A header that is damaged on its way is not
 * understood long before its file's hash is known.)
 * @param {ModelFiles} files
 * @param {unknown} error
 */
function mayBeCorruption(files, error) {
  return error instanceof HeadwiseError && (error.code === 'safetensors' || files.mayBeBetter(error.details.file, error));
}

/**
 * @param {ModelFiles} files
 * @param {Means} means
 * @returns {Promise<Weights>}
 */
async function fill(files, { home, progress, instance, makeLoader, keptAs }) {
  /** @type {FileStream[]} */
  const streams = [];
  /** @type {Loader | undefined} */
  let loader;
  /** @type {Conversion | undefined} */
  let conversion;
  try {
    const entry = keptAs && await files.converted(keptAs);
    const found = entry ? new ChunkStream(entry.chunks()) : await findWeights(files, home);
    if (!('index' in found)) streams.push(found);
    const convert = keptAs !== undefined && !entry;
    loader = await makeLoader('index' in found ? { [INDEX]: found.index } : {}, convert);
    const names = instance.call(() => /** @type {Loader} */ (loader).files);
    for (const name of names.slice(streams.length)) streams.push(await files.stream(name));
    if (convert) conversion = new Conversion(files, keptAs, instance, loader, names);
    await pour(names, streams, progress, instance, loader, conversion);
    const converted = entry !== undefined || (await conversion?.finish() ?? false);
    return { loader, names: 'index' in found ? [home + INDEX, ...names] : names, converted };
  } catch (error) {
    await conversion?.discard();
    instance.free(loader);
    throw error;
  } finally {
    for (const stream of streams) stream.close();
  }
}

/**
 * The one file of the encoder's weights, or the list of several.
 * @param {ModelFiles} files
 * @param {string} home
 * @returns {Promise<FileStream | {index: Uint8Array}>}
 */
async function findWeights(files, home) {
  const [weights, list] = [home + WEIGHTS, home + INDEX];
  try {
    const stream = await files.stream(weights);
    await stream.open();
    return stream;
  } catch (error) {
    if (!files.isAbsent(weights, error)) throw error;
    return files.read(list).then((index) => ({ index }), async (other) => {
      throw files.isAbsent(list, other) ? await otherWeights(files, home, /** @type {HeadwiseError} */ (error)) : other;
    });
  }
}

/**
 * The names of the files that hold the weights, the list of them included.
 * @param {ModelFiles} files
 * @param {string} home
 * @param {Instance} instance
 * @param {MakeLoader} makeLoader
 * @returns {Promise<string[]>}
 */
export async function weightFiles(files, home, instance, makeLoader) {
  const list = await files.has(home + WEIGHTS) ? [] : [home + INDEX];
  const loader = await makeLoader(list.length ? { [INDEX]: await files.read(list[0]) } : {}, false);
  const names = instance.call(() => loader.files);
  instance.free(loader);
  return [...list, ...names];
}

/**
 * All headers first, for they tell whether the model can be loaded at all; then the bodies.
 * @param {string[]} names
 * @param {FileStream[]} streams of those files
 * @param {Progress} progress
 * @param {Instance} instance
 * @param {Loader} loader
 * @param {Conversion} [conversion]
 */
async function pour(names, streams, progress, instance, loader, conversion) {
  /** What is left of the last chunk of each file. @type {(Uint8Array | undefined)[]} */
  const rests = [];
  /** Moves a chunk, or as much of it as is wanted; returns whether there was one. @param {number} file @param {number} [most] */
  const step = async (file, most = Infinity) => {
    const chunk = rests[file] ?? await streams[file].next();
    if (!chunk) return false;
    rests[file] = chunk.length > most ? chunk.subarray(most) : undefined;
    instance.call(() => loader.push(file, chunk.subarray(0, most)));
    await conversion?.advance();
    return true;
  };
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const [file, name] of names.entries()) {
    progress.begin(name);
    let size;
    do size = instance.call(() => loader.file_bytes(file));
    while (size === undefined && await step(file, HEADER_STEP));
    sizes[name] = size ?? streams[file].loaded;
    // Servers give up on connections that wait, and browsers have few for one server.
    if (names.length > 1 && streams[file].loaded < sizes[name]) streams[file].pause();
  }
  progress.expect(sizes);
  for (const [file, name] of names.entries()) {
    do progress.advance(name, streams[file].loaded);
    while (await step(file));
  }
}

/**
 * The error of a model without safetensors, which says what it has instead.
 * @param {ModelFiles} files
 * @param {string} home
 * @param {HeadwiseError} error
 */
async function otherWeights(files, home, error) {
  const { code, details } = error;
  const pickled = `${home}pytorch_model.bin`;
  if (!await files.has(pickled)) return error;
  return new HeadwiseError(code,
    'This model has no model.safetensors, only pytorch_model.bin. Convert it in Python, with the class of its task: '
    + 'Model.from_pretrained(id).save_pretrained(folder)',
    { ...details, found: pickled });
}
