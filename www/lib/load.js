/**
 * From the files of a model to a classifier in WASM memory: the small files first, then the weights,
 * streamed from the network into the engine without ever being whole in JavaScript.
 */

import { HeadwiseError } from './errors.js';
import { ModelFiles } from './hub.js';
import { Progress } from './progress.js';

const WEIGHTS = 'model.safetensors';

/**
 * @typedef {object} LoadRequest
 * @property {import('./hub.js').ModelSource} source
 * @property {string} [token]
 * @property {string} [config] JSON that is used in place of `config.json`
 * @property {import('./variants.js').Variant | 'auto'} [variant]
 * @property {string} [wasmUrl]
 * @property {import('./runtime.js').Dtype} [dtype] by default what suits the file
 * @property {import('./options.js').NewHead} [new_head]
 */

/**
 * @typedef {object} Context
 * @property {import('./runtime.js').Runtime} runtime
 * @property {AbortSignal} signal ends every request that is still under way
 * @property {(event: import('./progress.js').ProgressEvent) => void} report
 */

/**
 * Loads a text classifier.
 * @param {LoadRequest} request
 * @param {Context} context
 * @returns {Promise<import('./runtime.js').TextClassifier>}
 */
export async function load({ source, token, config, variant, wasmUrl, dtype, new_head }, { runtime, signal, report }) {
  const files = new ModelFiles(source, { token, signal });
  const progress = new Progress(source.id, report);
  const [small] = await Promise.all([readSmallFiles(files, config, progress), runtime.open({ variant, wasmUrl })]);
  const loader = runtime.call((glue) => new glue.Loader(small, { dtype, new_head }));
  try {
    await streamWeights(files, progress, runtime, loader);
  } catch (error) {
    runtime.free(loader);
    throw error;
  }
  const classifier = runtime.call(() => loader.finish());
  progress.complete(WEIGHTS);
  return classifier;
}

/**
 * Configuration and tokenizer, by file name.
 * @param {ModelFiles} files
 * @param {string | undefined} config
 * @param {Progress} progress
 * @returns {Promise<Record<string, Uint8Array>>}
 */
async function readSmallFiles(files, config, progress) {
  /** @param {string} file @returns {Promise<[string, Uint8Array][]>} */
  const required = async (file) => {
    const body = await files.open(file);
    progress.begin(file);
    const bytes = await body.bytes();
    progress.arrived(file, bytes.length);
    return [[file, bytes]];
  };
  /** @param {string} file @returns {Promise<[string, Uint8Array][]>} */
  const optional = (file) => required(file).catch((error) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const tokenizer = async () => {
    const whole = await optional('tokenizer.json');
    if (whole.length) return whole;
    const parts = ['vocab.txt', 'vocab.json', 'merges.txt', 'special_tokens_map.json'];
    return (await Promise.all(parts.map(optional))).flat();
  };
  const found = await Promise.all([
    config === undefined ? required('config.json') : [['config.json', new TextEncoder().encode(config)]],
    tokenizer(),
    optional('tokenizer_config.json'),
  ]);
  const small = Object.fromEntries(found.flat());
  if (!small['tokenizer.json'] && !small['vocab.txt'] && !(small['vocab.json'] && small['merges.txt'])) {
    throw new HeadwiseError('not-found',
      'The model has no tokenizer: neither tokenizer.json, nor vocab.txt, nor vocab.json with merges.txt.',
      { file: 'tokenizer.json' });
  }
  return small;
}

/**
 * Whether a file is simply not there; hosts of single-page applications answer with a web page then.
 * @param {unknown} error
 */
function isAbsent(error) {
  return error instanceof HeadwiseError && (error.code === 'not-found' || error.code === 'content');
}

/**
 * @param {ModelFiles} files
 * @param {Progress} progress
 * @param {import('./runtime.js').Runtime} runtime
 * @param {import('./runtime.js').Loader} loader
 */
async function streamWeights(files, progress, runtime, loader) {
  const body = await files.open(WEIGHTS).catch(async (error) => {
    throw isAbsent(error) ? await otherWeights(files, error) : error;
  });
  progress.begin(WEIGHTS);
  let loaded = 0;
  for await (const chunk of body.chunks()) {
    const total = runtime.call(() => {
      loader.push(chunk);
      return loader.total;
    });
    loaded += chunk.length;
    if (total !== undefined) progress.advance(WEIGHTS, loaded, total);
  }
}

/**
 * The error of a model without model.safetensors, which says what it has instead.
 * @param {ModelFiles} files
 * @param {HeadwiseError} error
 */
async function otherWeights(files, { code, message, details }) {
  const others = ['model.safetensors.index.json', 'pytorch_model.bin'];
  const [sharded, pickled] = await Promise.all(others.map((file) => files.has(file)));
  if (sharded) {
    return new HeadwiseError(code, 'The weights of this model are in several files (model.safetensors.index.json), '
      + 'which is not supported yet.', { ...details, found: others[0] });
  }
  if (pickled) {
    return new HeadwiseError(code,
      'This model has no model.safetensors, only pytorch_model.bin. Convert it in Python:\n'
      + 'from transformers import AutoModelForSequenceClassification as Model\n'
      + "Model.from_pretrained('user/model').save_pretrained('folder', safe_serialization=True)",
      { ...details, found: others[1] });
  }
  return new HeadwiseError(code, message, details);
}
