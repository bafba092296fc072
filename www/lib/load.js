/**
 * From the files of a model to a classifier in WASM memory: the small files first, then the weights.
 */

import { HeadwiseError } from './errors.js';
import { ModelFiles } from './files.js';
import { Progress } from './progress.js';
import { loadWeights } from './weights.js';

/**
 * @typedef {object} LoadRequest
 * @property {import('./hub.js').ModelSource} source
 * @property {string} [token]
 * @property {Record<string, string>} [integrity]
 * @property {boolean} [allow_remote]
 * @property {string} [config] JSON that is used in place of `config.json`
 * @property {import('./variants.js').Variant | 'auto'} [variant]
 * @property {string} [wasmUrl]
 * @property {import('./runtime.js').Dtype | 'auto'} [dtype] by default what suits the file
 * @property {number} [maxMemory] most bytes of weights
 * @property {import('./options.js').NewHead} [new_head]
 */

/**
 * @typedef {object} Context
 * @property {import('./runtime.js').Runtime} runtime
 * @property {AbortSignal} signal ends every request that is still under way
 * @property {(event: import('./progress.js').ProgressEvent) => void} report
 * @property {import('./request.js').Fetch} [fetch]
 */

/**
 * Loads a text classifier.
 * @param {LoadRequest} request
 * @param {Context} context
 * @returns {Promise<import('./runtime.js').TextClassifier>}
 */
export async function load(request, { runtime, signal, report, fetch }) {
  const { source, token, integrity, allow_remote, config, variant, wasmUrl, dtype, maxMemory, new_head } = request;
  const progress = new Progress(source.id, report);
  const opened = runtime.open({ variant, wasmUrl });
  const newSha256 = async () => {
    await opened;
    return hashIn(runtime);
  };
  const readFiles = async () => {
    const files = await ModelFiles.open(source, { token, integrity, allow_remote, fetch, signal, newSha256 });
    return { files, small: await readSmallFiles(files, config, progress) };
  };
  const [{ files, small }] = await Promise.all([readFiles(), opened]);
  const loader = await loadWeights(files, progress, runtime, (index) =>
    runtime.call((glue) => new glue.Loader({ ...small, ...index }, { dtype, max_memory: maxMemory, new_head })));
  const names = runtime.call(() => loader.files);
  const classifier = runtime.call(() => loader.finish());
  progress.complete(names);
  return classifier;
}

/**
 * A SHA-256 in WASM, by way of the runtime, as all calls.
 * @param {import('./runtime.js').Runtime} runtime
 * @returns {import('./verify.js').Sha256}
 */
function hashIn(runtime) {
  const hash = runtime.call((glue) => new glue.Sha256());
  return {
    update: (chunk) => runtime.call(() => hash.update(chunk)),
    digest: () => runtime.call(() => hash.digest()),
    free: () => runtime.free(hash),
  };
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
    const bytes = await files.read(file);
    progress.begin(file);
    progress.arrived(file, bytes.length);
    return [[file, bytes]];
  };
  /** @param {string} file @returns {Promise<[string, Uint8Array][]>} */
  const optional = (file) => required(file).catch((error) => {
    if (files.isAbsent(file, error)) return [];
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
