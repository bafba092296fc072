/**
 * Every option of the package: a typedef says what it means, a table what it may be.
 * The tables are typed by the typedefs, so that neither can have an option the other lacks.
 */

import { HeadwiseError } from './errors.js';
import { pageUrl } from './hub.js';
import { VARIANTS } from './variants.js';
import { isIntegrity } from './verify.js';

/**
 * Options of `pipeline()`.
 * @typedef {object} LoadOptions
 * @property {((event: import('./progress.js').ProgressEvent) => void) | null} [progress_callback]
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
 * @property {import('./request.js').Fetch | null} [fetch] fetches the model's files; needs `worker: false`
 * @property {Record<string, unknown> | null} [config] used in place of the model's `config.json`
 * @property {boolean | Worker | (() => Worker) | null} [worker] `true` (default): a worker of its own;
 *   a worker that runs `headwise/worker`, or a function that makes one, which then belongs to the
 *   pipeline; `false`: the calling thread
 * @property {'auto' | import('./variants.js').Variant | null} [variant] build of the WASM module: `'relaxed'`
 *   needs relaxed SIMD, `'simd128'` runs everywhere; by default the best one that runs
 * @property {string | URL | null} [wasmUrl] where the WASM module is, if not beside the package: one file,
 *   so `variant` says which of the two it is
 * @property {'auto' | 'wasm' | 'cpu' | null} [device] all of them are the CPU, through WebAssembly
 * @property {'auto' | 'fp32' | 'fp16' | 'q8' | null} [dtype] how the weights are held: 32-bit floats, 16-bit
 *   floats, or 8-bit integers that are also multiplied as such; `'auto'` (default) keeps the file's own
 *   precision, or the next smaller one that fits into `maxMemory`
 * @property {number | null} [maxMemory] most bytes that the weights may take in memory
 * @property {'converted' | 'source' | null} [keep] what is stored of weights that are loaded as `'fp16'` or `'q8'`: what
 *   they were converted to (default), which is smaller and faster to load, or the original
 * @property {NewHead | null} [new_head] gives a model without a trained head one of random numbers, to be trained;
 *   such a model is refused otherwise
 * @property {string | null} [cache_dir] ignored: browsers have no such folder
 */

/**
 * A head to be trained: its labels, and what decides its random numbers (0 by default).
 * @typedef {{labels: string[], seed?: number}} NewHead
 */

/**
 * Options of a call of a text-classification pipeline.
 * @typedef {object} ClassifyOptions
 * @property {number | null} [top_k] how many of the best labels; `null` for all; 1 by default
 * @property {'softmax' | 'sigmoid' | 'none'} [function_to_apply] from logits to scores;
 *   by default what the model's configuration asks for
 * @property {boolean} [truncation] cut what is longer than the model can read (default) or refuse it
 * @property {AbortSignal | null} [signal] aborts this call
 */

/**
 * @typedef {object} Rule
 * @property {string[]} supported what the option may be, in words
 * @property {(value: any) => boolean} accepts
 */

/** @param {...(string | boolean)} values @returns {Rule} */
const oneOf = (...values) => ({
  supported: values.map(String),
  accepts: (value) => values.includes(value),
});

/** @param {string} type @param {string} [words] @returns {Rule} */
const ofType = (type, words = `a ${type}`) => ({
  supported: [words],
  accepts: (value) => typeof value === type && value !== null && value !== '',
});

/** @param {...Rule} rules @returns {Rule} */
const anyOf = (...rules) => ({
  supported: rules.flatMap((rule) => rule.supported),
  accepts: (value) => rules.some((rule) => rule.accepts(value)),
});

/** @type {Rule} */
const abortSignal = {
  supported: ['an AbortSignal'],
  accepts: (value) => value instanceof AbortSignal,
};

/** @param {any} value @returns {value is Worker} */
export function isWorker(value) {
  return typeof value?.postMessage === 'function' && typeof value.terminate === 'function';
}

/** @type {Rule} */
const plainObject = {
  supported: ['an object'],
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** @type {Rule} */
const integrity = {
  supported: ['{file: \'sha256-…\'} with the hash in base64'],
  accepts: (value) => plainObject.accepts(value) && Object.values(value).every(isIntegrity),
};

/** @type {Rule} */
const worker = anyOf(
  oneOf(true, false),
  { supported: ['a Worker'], accepts: isWorker },
  ofType('function', 'a function that returns a Worker'),
);

/** @type {Rule} */
const bytes = {
  supported: ['a positive number of bytes'],
  accepts: (value) => Number.isSafeInteger(value) && value > 0,
};

/** @type {Rule} */
const countOrNull = {
  supported: ['a positive integer', 'null'],
  // The engine counts in 32 bits.
  accepts: (value) => value === null || (Number.isInteger(value) && value > 0 && value < 2 ** 32),
};

/** @type {Rule} */
const url = {
  supported: ['a URL'],
  accepts: (value) => (value instanceof URL || typeof value === 'string') && URL.canParse(value, pageUrl()),
};

/** @type {Rule} */
const newHead = {
  supported: ['{labels: [name, …], seed: a whole number below 2³²}'],
  accepts: (value) => plainObject.accepts(value)
    && Object.keys(value).every((key) => key === 'labels' || key === 'seed')
    && Array.isArray(value.labels) && value.labels.length > 0
    && value.labels.every((/** @type {unknown} */ label) => typeof label === 'string')
    && (value.seed === undefined || (Number.isInteger(value.seed) && value.seed >= 0 && value.seed < 2 ** 32)),
};

/** @type {Record<keyof LoadOptions, Rule>} */
const loadRules = {
  progress_callback: ofType('function'),
  signal: abortSignal,
  revision: ofType('string'),
  endpoint: ofType('string', 'an absolute http(s) URL'),
  token: anyOf(ofType('string'), ofType('function')),
  integrity,
  allow_remote: oneOf(true, false),
  local_files_only: oneOf(true, false),
  fetch: ofType('function'),
  config: plainObject,
  worker,
  variant: oneOf('auto', ...Object.keys(VARIANTS)),
  wasmUrl: url,
  device: oneOf('auto', 'wasm', 'cpu'),
  dtype: oneOf('auto', 'fp32', 'fp16', 'q8'),
  maxMemory: bytes,
  keep: oneOf('converted', 'source'),
  new_head: newHead,
  cache_dir: ofType('string'),
};

/** @type {Record<keyof ClassifyOptions, Rule>} */
const classifyRules = {
  top_k: countOrNull,
  function_to_apply: oneOf('softmax', 'sigmoid', 'none'),
  truncation: oneOf(true, false),
  signal: abortSignal,
};

/**
 * An `option` error that says what is supported instead.
 * @param {string} option
 * @param {string[]} supported
 * @param {string} problem
 */
function refuse(option, supported, problem) {
  return new HeadwiseError('option', `${problem} Supported: ${supported.join(', ')}.`, { option, supported });
}

/**
 * The options that were given, each one known and of a supported value. `undefined` is not given,
 * nor is `null` where it has no meaning of its own.
 * @param {any} options
 * @param {Record<string, Rule>} rules
 */
function check(options, rules) {
  const names = Object.keys(rules);
  if (!plainObject.accepts(options)) throw refuse('options', names, 'Options are given as an object.');
  /** @type {Record<string, any>} */
  const given = {};
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) throw refuse(name, names, `There is no option “${name}”.`);
    if (rule.accepts(value)) given[name] = value;
    // The value itself is not repeated: it may be a secret.
    else if (value != null) throw refuse(name, rule.supported, `This value of “${name}” is not supported.`);
  }
  return given;
}

/**
 * Options after the check: absent or meant.
 * @template T
 * @typedef {{[K in keyof T]: NonNullable<T[K]>}} Given
 */

/**
 * @param {LoadOptions} options
 * @returns {Given<LoadOptions>}
 */
export function checkLoadOptions(options) {
  return check(options, loadRules);
}

/**
 * @param {ClassifyOptions} options
 * @returns {Given<Omit<ClassifyOptions, 'top_k'>> & Pick<ClassifyOptions, 'top_k'>}
 */
export function checkClassifyOptions(options) {
  return check(options, classifyRules);
}
