/**
 * From the files of a model to what is made of them in WASM memory: the small files first, then the weights.
 */

import { HeadwiseError } from '../errors.js';
import { ModelFiles } from '../source/remote.js';
import { LocalFiles } from '../source/local.js';
import { Progress } from '../source/progress.js';
import { readSmallFiles } from '../source/small.js';
import { WEIGHTS, loadWeights } from '../source/weights.js';

/**
 * What of a model is loaded: all that a task needs; the encoder with a head, or `'base'` without one; its tokenizer;
 * or its configuration.
 * @typedef {{part: 'pipeline', task: string} | {part: 'model', head: string} | {part: 'tokenizer'} | {part: 'config'}} What
 */

/**
 * @typedef {What & {
 *   source: import('../source/hub.js').ModelSource | {id: string, files: Map<string, Blob>},
 *   token?: string,
 *   integrity?: Record<string, string>,
 *   allow_remote?: boolean,
 *   local_files_only?: boolean,
 *   config?: string,
 *   variant?: import('../runtime/variants.js').Variant | 'auto',
 *   wasmUrl?: string,
 *   dtype?: import('../runtime/runtime.js').Dtype | 'auto',
 *   maxMemory?: number,
 *   new_head?: import('../options.js').NewHead,
 *   keep?: 'converted' | 'source',
 * }} LoadRequest `config` is JSON that is used in place of `config.json`, `maxMemory` counts bytes of weights
 */

/**
 * @typedef {object} Context
 * @property {import('../runtime/runtime.js').Runtime} runtime
 * @property {AbortSignal} signal ends every request that is still under way
 * @property {(event: import('../source/progress.js').ProgressEvent) => void} report
 * @property {import('../fetch/request.js').Fetch} [fetch]
 * @property {AnyFiles} [files] of an earlier load of the same, in place of what the request says of them
 */

/** Where the files of a model come from. @typedef {ModelFiles | LocalFiles} AnyFiles */

/**
 * What was loaded, and the files it was made of.
 * @typedef {object} Loaded
 * @property {import('../runtime/runtime.js').Held} [held] in WASM memory; nothing of a configuration
 * @property {import('../runtime/runtime.js').Instance} [instance] whose memory that is
 * @property {object} info
 * @property {AnyFiles} files
 * @property {string[]} names of those that were read
 * @property {import('../runtime/runtime.js').Dtype} [converted] as which the store has the weights, if not as they came
 */

/**
 * Loads what is wanted of a model.
 * @param {LoadRequest} request
 * @param {Context} context
 * @returns {Promise<Loaded>}
 */
export async function load(request, { runtime, signal, report, fetch, files: given }) {
  const { source, variant, wasmUrl } = request;
  const progress = new Progress(source.id, report);
  const open = () => runtime.open({ variant, wasmUrl });
  // A configuration can be read without the module, unless its hash has to be computed there.
  const opened = request.part === 'config' ? undefined : open();
  opened?.catch(() => {}); // whoever awaits it hears of it
  const newSha256 = async () => (await open()).sha256();
  const files = given ?? ('files' in source ? new LocalFiles(source.files)
    : await ModelFiles.open(source, { ...request, fetch, signal, newSha256 }));
  try {
    const loaded = await read(request, files, opened, progress);
    await files.finish({ part: request.part === 'tokenizer' || request.part === 'config' });
    return { ...loaded, files };
  } finally {
    files.close();
  }
}

/**
 * @param {LoadRequest} request
 * @param {AnyFiles} files
 * @param {Promise<import('../runtime/runtime.js').Instance> | undefined} opened the module, if it is needed
 * @param {Progress} progress
 * @returns {Promise<Omit<Loaded, 'files'>>}
 */
async function read(request, files, opened, progress) {
  const onFile = (/** @type {string} */ file, /** @type {Uint8Array} */ bytes) => {
    progress.begin(file);
    progress.arrived(file, bytes.length);
  };
  const found = await readSmallFiles(files, opened, request, onFile);
  const names = Object.keys(found.small);
  const config = found.small[`${found.home}config.json`];
  const instance = /** @type {import('../runtime/runtime.js').Instance} */ (await opened);
  /** @param {import('../runtime/runtime.js').Held} held */
  const infoOf = (held) => {
    const { warnings = [], ...info } = instance.call(() => held.info);
    return { ...info, warnings: [...found.warnings, ...warnings] };
  };
  switch (request.part) {
    case 'config':
      progress.complete([]);
      return { info: { config: parse(config), warnings: found.warnings }, names };
    case 'tokenizer': {
      const held = instance.call((glue) => new glue.TextTokenizer(found.small));
      progress.complete([]);
      return { held, instance, info: infoOf(held), names };
    }
    default: {
      const weights = await fillLoader(request, files, instance, progress, found);
      const arrived = instance.call(() => weights.loader.files);
      const held = instance.call(() => weights.loader.finish());
      progress.complete(arrived);
      return {
        held,
        instance,
        info: { ...infoOf(held), config: parse(config) },
        names: [...names, ...weights.names],
        converted: weights.converted ? keptAs(request, files) : undefined,
      };
    }
  }
}

/**
 * @param {Extract<LoadRequest, {part: 'pipeline' | 'model'}>} request
 * @param {AnyFiles} files
 * @param {import('../runtime/runtime.js').Instance} instance
 * @param {Progress} progress
 * @param {Partial<import('../source/small.js').SmallFiles> & {home: string}} found `small` is taken away by the first try
 */
function fillLoader(request, files, instance, progress, found) {
  return loadWeights(files, {
    home: found.home,
    progress,
    instance,
    makeLoader: async (index, convert) => {
      const small = found.small ?? (await readSmallFiles(files, Promise.resolve(instance), request)).small;
      found.small = undefined; // a tokenizer may be large, and the weights take long to arrive
      return newLoader(request, instance, { ...small, ...index }, convert);
    },
    keptAs: keptAs(request, files),
  });
}

/**
 * The dtype in which the weights are to be stored, if not as they come. (What `auto` comes to is known too late, and
 * keeps the numbers of the file anyway. Feature extraction may have weights in several modules.)
 * @param {Extract<LoadRequest, {part: 'pipeline' | 'model'}>} request
 * @param {AnyFiles} files
 */
function keptAs({ keep = 'converted', dtype, ...what }, files) {
  const severalModules = what.part === 'pipeline' && what.task === 'feature-extraction';
  if (keep !== 'converted' || severalModules || !files.stores) return undefined;
  return dtype === 'fp16' || dtype === 'q8' ? dtype : undefined;
}

/**
 * A loader of what is wanted that has read the small files.
 * @param {Extract<What, {part: 'pipeline' | 'model'}> & Pick<LoadRequest, 'dtype' | 'maxMemory' | 'new_head'>} request
 * @param {import('../runtime/runtime.js').Instance} instance
 * @param {Record<string, Uint8Array>} small
 * @param {boolean} convert whether it is also to give what it converts
 * @returns {import('../runtime/runtime.js').Loader}
 */
export function newLoader(request, instance, small, convert) {
  const { dtype, maxMemory: max_memory, new_head } = request;
  return instance.call((glue) => (request.part === 'pipeline'
    ? new glue.Loader(small, { task: request.task, dtype, max_memory, new_head, convert })
    : new glue.ModelLoader(small, { head: request.head, dtype, max_memory, new_head, convert })));
}

/** @param {Uint8Array} config */
function parse(config) {
  try {
    return JSON.parse(new TextDecoder().decode(config));
  } catch (cause) {
    throw new HeadwiseError('config', `config.json is no JSON: ${cause}`, { file: 'config.json' }, { cause });
  }
}

/**
 * The files of a model that can be loaded again, with the weights in the dtype in which they are stored.
 * @param {Loaded} model
 * @param {AnyFiles} files of a request that is under way
 * @returns {Promise<{name: string, blob: Blob}[]>}
 */
export async function filesOf({ names, converted }, files) {
  const weights = converted && await (await files.converted(converted))?.blob();
  const others = weights ? names.filter((name) => !/\.safetensors/.test(name)) : names;
  const blobs = await Promise.all(others.map(async (name) => ({ name, blob: await files.blob(name) })));
  return weights ? [...blobs, { name: WEIGHTS, blob: weights }] : blobs;
}
