/**
 * The options of a load: a typedef says what each means, a table what it may be. Those of a call are with its task.
 */

import { abortSignal, anyOf, check, flag, ofType, oneOf, plainObject } from './base/rules.js';
import { pageUrl } from './base/urls.js';
import { isIntegrity } from './base/verify.js';
import { isModule, modulesAt } from './runtime/modules.js';
import { VARIANTS } from './runtime/variants.js';

/**
 * @typedef {import('./runtime/glue.js').NewHead} NewHead
 * @typedef {import('./runtime/modules.js').Place} Place
 * @typedef {import('./runtime/variants.js').Variant} Variant
 */

/**
 * Options of `pipeline()` and of `from_pretrained()`.
 * @typedef {object} LoadOptions
 * @property {((event: import('./source/progress.js').ProgressEvent) => void) | null} [progress_callback]
 *   told how loading goes
 * @property {AbortSignal | null} [signal] aborts the loading
 * @property {string | null} [revision] branch, tag or commit of a Hub model; `'main'` by default
 * @property {string | null} [endpoint] base URL of the Hub or of a mirror
 * @property {string | (() => string | Promise<string>) | null} [token] access token for private
 *   and gated models, sent to the endpoint's origin only
 * @property {Record<string, string> | null} [integrity] SHA-256 of files by their names, as `sha256-` and
 *   base64; they count more than what the Hub says, and no other file is fetched
 * @property {boolean | null} [allow_remote] `false`: no request leaves the page's origin (the package's own
 *   files come from where the package is)
 * @property {boolean | null} [local_files_only] `true`: a Hub model is taken from what this site has stored, without
 *   any request
 * @property {import('./fetch/request.js').Fetch | null} [fetch] fetches the model's files; needs `worker: false`
 * @property {Record<string, unknown> | null} [config] used in place of the model's `config.json`
 * @property {boolean | Worker | (() => Worker) | null} [worker] `true` (default): a worker of its own;
 *   a worker that runs `headwise/worker`, or a function that makes one, which then belongs to the
 *   pipeline; `false`: the calling thread
 * @property {boolean | null} [share_engine] `true`: what is loaded of the same model with the same options, this one
 *   among them, shares one engine, its worker and its weights, which ends when all that share it are disposed
 * @property {'auto' | Variant | null} [variant] build of the WASM module: `'relaxed'`
 *   needs relaxed SIMD, `'simd128'` runs everywhere; by default the best one that runs
 * @property {Place | {[V in Variant]?: Place} | null} [wasm] where the WASM module is, if not beside the package: a
 *   folder, which ends with a slash and has the package's file names; or one file or module, of which `variant` says which
 *   it is; or one of these for each variant
 * @property {'auto' | 'wasm' | 'cpu' | null} [device] all of them are the CPU, through WebAssembly
 * @property {'auto' | import('./runtime/glue.js').Dtype | null} [dtype] how the weights are held: 32-bit floats, 16-bit
 *   floats, or 8-bit integers that are also multiplied as such; `'auto'` (default) keeps the file's own
 *   precision, or the next smaller one that fits into `max_memory`
 * @property {number | null} [max_memory] most bytes that the weights may take in memory
 * @property {'converted' | 'source' | null} [keep] what is stored of weights that are loaded as `'fp16'` or `'q8'`: what
 *   they were converted to (default), which is smaller and faster to load, or the original
 * @property {NewHead | null} [new_head] gives a model without a trained head one of random numbers, to be trained;
 *   such a model is refused otherwise
 * @property {string | null} [cache_dir] the folder that keeps what is downloaded, where there is a disk; ignored in browsers
 */

/** @typedef {import('./base/rules.js').Rule} Rule */

/** @param {any} value @returns {value is Worker} */
export function isWorker(value) {
  return typeof value?.postMessage === 'function' && typeof value.terminate === 'function';
}

/** @type {Rule} */
const integrity = {
  supported: ['{file: \'sha256-…\'} with the hash in base64'],
  accepts: (value) => plainObject.accepts(value) && Object.values(value).every(isIntegrity),
};

/** @type {Rule} */
const worker = anyOf(
  flag,
  { supported: ['a Worker'], accepts: isWorker },
  ofType('function', 'a function that returns a Worker'),
);

/** @type {Rule} */
const bytes = {
  supported: ['a positive number of bytes'],
  accepts: (value) => Number.isSafeInteger(value) && value > 0,
};

/** @type {Rule} */
const url = {
  supported: ['a URL'],
  accepts: (value) => (value instanceof URL || typeof value === 'string') && URL.canParse(value, pageUrl()),
};

/** @type {Rule} */
const place = anyOf(url, { supported: ['a WebAssembly.Module'], accepts: isModule });

/** @type {Rule} */
const wasm = anyOf(place, {
  supported: ['{variant: one of these}'],
  accepts: (value) => plainObject.accepts(value) && Object.keys(value).length > 0
    && Object.entries(value).every(([variant, one]) => Object.hasOwn(VARIANTS, variant) && place.accepts(one)),
});

/** @type {Rule} */
const newHead = {
  supported: ['{labels: [name, …], seed: a whole number below 2³²}'],
  accepts: (value) => plainObject.accepts(value)
    && Object.keys(value).every((key) => key === 'labels' || key === 'seed')
    && Array.isArray(value.labels) && value.labels.length > 0
    && value.labels.every((/** @type {unknown} */ label) => typeof label === 'string')
    && (value.seed === undefined || (Number.isInteger(value.seed) && value.seed >= 0 && value.seed < 2 ** 32)),
};

/** @type {import('./base/rules.js').Rules<LoadOptions>} */
const loadRules = {
  progress_callback: ofType('function'),
  signal: abortSignal,
  revision: ofType('string'),
  endpoint: ofType('string', 'an absolute http(s) URL'),
  token: anyOf(ofType('string'), ofType('function')),
  integrity,
  allow_remote: flag,
  local_files_only: flag,
  fetch: ofType('function'),
  config: plainObject,
  worker,
  share_engine: flag,
  variant: oneOf('auto', ...Object.keys(VARIANTS)),
  wasm,
  device: oneOf('auto', 'wasm', 'cpu'),
  dtype: oneOf('auto', 'fp32', 'fp16', 'q8'),
  max_memory: bytes,
  keep: oneOf('converted', 'source'),
  new_head: newHead,
  cache_dir: ofType('string'),
};

/**
 * Options after the check: absent or meant.
 * @typedef {{[K in keyof LoadOptions]: NonNullable<LoadOptions[K]>}} GivenLoadOptions
 */

/**
 * @param {LoadOptions} options
 * @returns {GivenLoadOptions}
 */
export function checkLoadOptions(options) {
  return /** @type {GivenLoadOptions} */ (check(options, loadRules));
}

/**
 * The options for an engine, which may be in a worker: what only this thread can use stays here, the rest is plain data.
 * @param {GivenLoadOptions} options
 */
export async function passedOptions({ signal, progress_callback, worker, share_engine, fetch, token, config, wasm, ...others }) {
  return {
    ...others,
    token: typeof token === 'function' ? await token() : token,
    config: config && JSON.stringify(config),
    wasm: wasm === undefined ? undefined : modulesAt(wasm),
  };
}

/** @typedef {Awaited<ReturnType<typeof passedOptions>>} PassedOptions `config` is JSON */
