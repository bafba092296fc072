/**
 * From the files of a model to a classifier in WASM memory: the small files first, then the weights.
 */

import { ModelFiles } from './files.js';
import { LocalFiles } from './local.js';
import { Progress } from './progress.js';
import { readSmallFiles } from './small.js';
import { WEIGHTS, loadWeights } from './weights.js';

/**
 * @typedef {object} LoadRequest
 * @property {import('./hub.js').ModelSource | {id: string, files: Map<string, Blob>}} source
 * @property {string} [token]
 * @property {Record<string, string>} [integrity]
 * @property {boolean} [allow_remote]
 * @property {boolean} [local_files_only]
 * @property {string} [config] JSON that is used in place of `config.json`
 * @property {import('./variants.js').Variant | 'auto'} [variant]
 * @property {string} [wasmUrl]
 * @property {import('./runtime.js').Dtype | 'auto'} [dtype] by default what suits the file
 * @property {number} [maxMemory] most bytes of weights
 * @property {import('./options.js').NewHead} [new_head]
 * @property {'converted' | 'source'} [keep]
 */

/**
 * @typedef {object} Context
 * @property {import('./runtime.js').Runtime} runtime
 * @property {AbortSignal} signal ends every request that is still under way
 * @property {(event: import('./progress.js').ProgressEvent) => void} report
 * @property {import('./request.js').Fetch} [fetch]
 */

/** Where the files of a model come from. @typedef {ModelFiles | LocalFiles} AnyFiles */

/**
 * A model in memory, and the files it was made of.
 * @typedef {object} Loaded
 * @property {import('./runtime.js').TextClassifier} classifier
 * @property {AnyFiles} files
 * @property {string[]} names of those that were read
 * @property {import('./runtime.js').Dtype} [converted] as which the store has the weights, if not as they came
 */

/**
 * Loads a text classifier.
 * @param {LoadRequest} request
 * @param {Context} context
 * @returns {Promise<Loaded>}
 */
export async function load(request, { runtime, signal, report, fetch }) {
  const { source, config, variant, wasmUrl, dtype, maxMemory, new_head, keep = 'converted' } = request;
  const progress = new Progress(source.id, report);
  const opened = runtime.open({ variant, wasmUrl });
  const newSha256 = async () => {
    await opened;
    return runtime.sha256();
  };
  const openFiles = async () => ('files' in source ? new LocalFiles(source.files)
    : ModelFiles.open(source, { ...request, fetch, signal, newSha256 }));
  const [files] = await Promise.all([openFiles(), opened]);
  try {
    /** For the first try. @type {Record<string, Uint8Array> | undefined} */
    let small = await readSmallFiles(files, config, (file, bytes) => {
      progress.begin(file);
      progress.arrived(file, bytes.length);
    });
    const smallNames = Object.keys(small);
    // What `auto` comes to is known too late, and keeps the numbers of the file anyway.
    const keptAs = keep === 'converted' && files.stores && (dtype === 'fp16' || dtype === 'q8') ? dtype : undefined;
    const { loader, names, converted } = await loadWeights(files, {
      progress,
      runtime,
      makeLoader: async (index, convert) => {
        const all = { ...small ?? await readSmallFiles(files, config), ...index };
        small = undefined; // a tokenizer may be large, and the weights take long to arrive
        return runtime.call((glue) => new glue.Loader(all, { dtype, max_memory: maxMemory, new_head, convert }));
      },
      keptAs,
    });
    const weights = runtime.call(() => loader.files);
    const classifier = runtime.call(() => loader.finish());
    await files.finish();
    progress.complete(weights);
    return { classifier, files, names: [...smallNames, ...names], converted: converted ? keptAs : undefined };
  } finally {
    files.close();
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
