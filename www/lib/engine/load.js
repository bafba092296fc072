/**
 * From the files of a model to what is made of them in WASM memory: the small files first, then the weights.
 */

import { HeadwiseError } from '../errors.js';
import { openFiles } from '../source/files.js';
import { Progress } from '../source/progress.js';
import { readSmallFiles } from '../source/small.js';
import { WEIGHTS, keptAs, loadWeights, newLoader } from '../source/weights.js';

/**
 * @typedef {import('../source/files.js').ModelFiles} ModelFiles
 * @typedef {import('../source/small.js').What} What
 * @typedef {import('../runtime/runtime.js').Instance} Instance
 */

/**
 * @typedef {object} LoadRequest
 * @property {import('../source/files.js').Source} source
 * @property {What} what
 * @property {import('../options.js').PassedOptions} options with modules, where one is needed
 */

/**
 * @typedef {object} Context
 * @property {import('../host.js').EngineHost} host
 * @property {AbortSignal} signal ends every request that is still under way
 * @property {(event: import('../source/progress.js').ProgressEvent) => void} report
 * @property {import('../fetch/request.js').Fetch} [fetch]
 * @property {ModelFiles} [files] of an earlier load of the same, in place of what the request says of them
 */

/**
 * What was loaded, and the files it was made of.
 * @typedef {object} Loaded
 * @property {import('../runtime/glue.js').Held} [held] in WASM memory; nothing of a configuration
 * @property {Instance} [instance] whose memory that is
 * @property {{warnings: string[], [fact: string]: unknown}} info
 * @property {ModelFiles} files
 * @property {string[]} names of those that were read
 * @property {import('../runtime/glue.js').Dtype} [converted] as which the store has the weights, if not as they came
 */

/**
 * Loads what is wanted of a model.
 * @param {LoadRequest} request
 * @param {Context} context
 * @returns {Promise<Loaded>}
 */
export async function load(request, { host, signal, report, fetch, files: given }) {
  const { source, what, options } = request;
  const progress = new Progress(source.id, report);
  const open = () => host.runtime.open({ ...options, wasm: options.wasm ?? {} });
  // A configuration can be read without the module, unless its hash has to be computed there.
  const opened = what.part === 'config' ? undefined : open();
  opened?.catch(() => {}); // whoever awaits it hears of it
  const newSha256 = async () => (await open()).sha256();
  const files = given ?? await openFiles(source, host, { ...options, fetch, signal, newSha256 });
  try {
    const loaded = await read(request, files, opened, progress);
    const warning = await files.finish({ weights: what.part === 'pipeline' || what.part === 'model' });
    if (warning) loaded.info.warnings.push(warning);
    return { ...loaded, files };
  } finally {
    files.close();
  }
}

/**
 * @param {LoadRequest} request
 * @param {ModelFiles} files
 * @param {Promise<Instance> | undefined} opened the module, if it is needed
 * @param {Progress} progress
 * @returns {Promise<Omit<Loaded, 'files'>>}
 */
async function read({ what, options }, files, opened, progress) {
  const onFile = (/** @type {string} */ file, /** @type {Uint8Array} */ bytes) => {
    progress.begin(file);
    progress.arrived(file, bytes.length);
  };
  const found = await readSmallFiles(files, opened, what, options, onFile);
  const names = Object.keys(found.small);
  const instance = /** @type {Instance} */ (await opened);
  /** @param {import('../runtime/glue.js').Held} held */
  const infoOf = (held) => {
    const { warnings = [], ...info } = instance.call(() => held.info);
    return { ...info, warnings: [...found.warnings, ...warnings] };
  };
  switch (what.part) {
    case 'config':
      progress.complete([]);
      return { info: { config: parse(found.config), warnings: found.warnings }, names };
    case 'tokenizer': {
      const held = instance.call((glue) => new glue.TextTokenizer(found.small));
      progress.complete([]);
      return { held, instance, info: infoOf(held), names };
    }
    default: {
      const weights = await fillLoader(what, options, files, instance, progress, found);
      const arrived = instance.call(() => weights.loader.files);
      const held = instance.call(() => weights.loader.finish());
      progress.complete(arrived);
      return {
        held,
        instance,
        info: { ...infoOf(held), config: parse(found.config) },
        names: [...names, ...weights.names],
        converted: weights.converted ? keptAs(what, options, files) : undefined,
      };
    }
  }
}

/**
 * @param {Extract<What, {part: 'pipeline' | 'model'}>} what
 * @param {LoadRequest['options']} options
 * @param {ModelFiles} files
 * @param {Instance} instance
 * @param {Progress} progress
 * @param {Partial<import('../source/small.js').SmallFiles> & {home: string}} found `small` is taken away by the first try
 */
function fillLoader(what, options, files, instance, progress, found) {
  return loadWeights(files, {
    home: found.home,
    progress,
    instance,
    makeLoader: async (index, convert) => {
      const small = found.small ?? (await readSmallFiles(files, Promise.resolve(instance), what, options)).small;
      found.small = undefined; // a tokenizer may be large, and the weights take long to arrive
      return newLoader(instance, what, { ...small, ...index }, { ...options, convert });
    },
    keptAs: keptAs(what, options, files),
  });
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
 * @param {ModelFiles} files of a request that is under way
 * @returns {Promise<{name: string, blob: Blob}[]>}
 */
export async function blobsOf({ names, converted }, files) {
  const weights = converted && await (await files.converted(converted))?.blob();
  const others = weights ? names.filter((name) => !/\.safetensors/.test(name)) : names;
  const blobs = await Promise.all(others.map(async (name) => ({ name, blob: await files.blob(name) })));
  return weights ? [...blobs, { name: WEIGHTS, blob: weights }] : blobs;
}
