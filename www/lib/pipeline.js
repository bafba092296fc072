/// <reference lib="esnext.disposable" preserve="true" />

/**
 * `pipeline()`: checks what is asked, starts an engine, loads the model, and returns the function
 * that classifies.
 */

import { Client } from './client.js';
import { HeadwiseError } from './errors.js';
import { openEngine } from './host.js';
import { pageUrl, refuseRemote, resolveModel } from './hub.js';
import { byName } from './local.js';
import { checkClassifyOptions, checkLoadOptions } from './options.js';

/** The tasks, and other names they go by. @type {Record<string, string>} */
const TASKS = {
  'text-classification': 'text-classification',
  'sentiment-analysis': 'text-classification',
};

/**
 * @typedef {'text-classification' | 'sentiment-analysis'} Task
 * @typedef {import('./options.js').LoadOptions} LoadOptions
 * @typedef {import('./options.js').ClassifyOptions} ClassifyOptions
 * @typedef {import('./runtime.js').Classification} Classification
 * @typedef {import('./runtime.js').InputInfo} InputInfo
 * @typedef {import('./runtime.js').ModelInfo} ModelInfo
 */

/** A text, or two that are judged together. @typedef {string | {text: string, text_pair?: string}} TextInput */

/**
 * How a call went: milliseconds of computation, the build that ran, and how each input was read. Not
 * enumerable, so that results print and compare as plain arrays.
 * @typedef {{readonly meta: {ms: number, variant: import('./variants.js').Variant, inputs: InputInfo[]}}} WithMeta
 */

/**
 * Of each text its best label, or with another `top_k` than 1 a list, best first.
 * @template {number | null} K
 * @typedef {K extends 1 ? Classification[]
 *   : number extends K ? Classification[] | Classification[][]
 *   : Classification[][]} BatchResult
 */

/**
 * Where a model came from: `url` is its folder, unless it was given as files; `commit` is known of models from a
 * Hub, `revision` is the one in place of the one that was asked for; `cached` tells whether it is stored for the
 * next time.
 * @typedef {{id: string, url?: string, commit?: string, revision?: string, cached: boolean}} Origin
 */

/**
 * A loaded classifier. `files()` gives the files of the model, which can be loaded again without a network.
 * `classify(text)` gives its labels, best first; `classify(texts)` the best
 * label of each text, or with `top_k` a list for each.
 * @typedef {{
 *   (input: TextInput, options?: ClassifyOptions): Promise<Classification[] & WithMeta>,
 *   <K extends number | null = 1>(inputs: readonly TextInput[], options?: ClassifyOptions & {top_k?: K}):
 *     Promise<BatchResult<K> & WithMeta>,
 *   (input: TextInput | readonly TextInput[], options?: ClassifyOptions):
 *     Promise<(Classification[] | Classification[][]) & WithMeta>,
 *   readonly task: 'text-classification',
 *   readonly model: Readonly<ModelInfo & Origin>,
 *   readonly tokenizer: Readonly<{max_length: number}>,
 *   files(): Promise<File[]>,
 *   dispose(): Promise<void>,
 *   [Symbol.asyncDispose](): Promise<void>,
 * }} TextClassificationPipeline
 */

/**
 * Makes the public `pipeline` function.
 * @param {import('./runtime.js').Runtime} runtime of this thread, used with `worker: false`
 */
export function pipelineOn(runtime) {
  /**
   * Loads a model and resolves to a function that uses it.
   * @param {Task} task
   * @param {string | Iterable<File>} model a Hub id, the URL of a folder, or the files of a model
   * @param {LoadOptions} [options]
   * @returns {Promise<TextClassificationPipeline>}
   */
  return async function pipeline(task, model, options = {}) {
    const checked = checkLoadOptions(options);
    const name = taskName(task);
    const source = sourceOf(model, checked);
    const body = await loadBody(checked);
    if (checked.allow_remote === false) refuseRemote([checked.local_files_only ? undefined : source.url, body.wasmUrl]);
    const client = new Client(openEngine(checked.worker ?? true, runtime, checked.fetch));
    try {
      const info = await client.request('load', { source, ...body },
        { signal: checked.signal, onProgress: checked.progress_callback });
      for (const warning of warnings(info)) console.warn(`${source.id}: ${warning}`);
      checked.progress_callback?.({ status: 'ready', task: name, model: source.id });
      return textClassifier(client, { ...info, id: source.id, url: source.url });
    } catch (error) {
      client.dispose();
      throw error;
    }
  };
}

/**
 * @param {string | Iterable<File>} model
 * @param {import('./options.js').Given<LoadOptions>} options
 * @returns {import('./hub.js').ModelSource | {id: string, files: Map<string, File>, url?: undefined}}
 */
function sourceOf(model, options) {
  if (typeof model === 'string' || typeof (/** @type {any} */ (model)?.[Symbol.iterator]) !== 'function') {
    return resolveModel(/** @type {string} */ (model), options);
  }
  const all = [...model];
  if (!all.every((file) => file instanceof File)) {
    throw new HeadwiseError('model', 'A model that is given as a list has to be a list of Files.', { supported: ['File'] });
  }
  const [folder] = (all[0]?.webkitRelativePath ?? '').split('/');
  return { id: folder || 'local files', files: byName(all) };
}

/** What a developer should know of a checkpoint that could be loaded. @param {ModelInfo & Origin} info */
function warnings({ head, unexpected, revision }) {
  return [
    ...revision ? [`it has no safetensors of its own; these are of the open pull request ${revision}.`] : [],
    ...head.new.length ? [`newly initialized are ${head.new.join(', ')}. Train this head before you trust its answers.`] : [],
    ...unexpected.length ? [`the checkpoint has tensors of unknown purpose, which are not used: ${unexpected.join(', ')}.`] : [],
  ];
}

/** @param {unknown} task */
function taskName(task) {
  if (typeof task === 'string' && Object.hasOwn(TASKS, task)) return TASKS[task];
  const supported = Object.keys(TASKS);
  throw new HeadwiseError('task', `There is no task “${task}”. Supported: ${supported.join(', ')}.`,
    { task, supported });
}

/**
 * The options that the engine needs, as plain data.
 * @param {import('./options.js').Given<LoadOptions>} options
 * @returns {Promise<Omit<import('./load.js').LoadRequest, 'source'>>}
 */
async function loadBody(options) {
  const { token, integrity, allow_remote, local_files_only, config, variant, wasmUrl, dtype, maxMemory, keep, new_head } = options;
  return {
    token: typeof token === 'function' ? await token() : token,
    integrity,
    allow_remote,
    local_files_only,
    config: config && JSON.stringify(config),
    variant,
    wasmUrl: wasmUrl && new URL(wasmUrl, pageUrl()).href,
    dtype,
    maxMemory,
    keep,
    new_head,
  };
}

/**
 * @param {Client} client
 * @param {ModelInfo & Origin} model
 * @returns {TextClassificationPipeline}
 */
function textClassifier(client, model) {
  /** @param {TextInput | readonly TextInput[]} input @param {ClassifyOptions} [options] */
  async function classify(input, options = {}) {
    const { signal, ...settings } = checkClassifyOptions(options);
    const { top_k = 1 } = settings;
    const batch = Array.isArray(input);
    const inputs = (batch ? input : [input]).map(readInput);
    const { results, meta } = await client.request('classify', { inputs, options: settings }, { signal });
    /** @type {Classification[] | Classification[][]} */
    const shaped = !batch ? results[0]
      : top_k === 1 ? results.map((/** @type {Classification[]} */ [first]) => first)
      : results;
    return Object.defineProperty(shaped, 'meta', { value: meta });
  }
  const dispose = async () => client.dispose();
  const files = async () => (await client.request('files', {}))
    .map((/** @type {{name: string, blob: Blob}} */ { name, blob }) => new File([blob], name));
  return /** @type {any} */ (Object.freeze(Object.assign(classify, {
    task: 'text-classification',
    model: deepFreeze(model),
    tokenizer: Object.freeze({ max_length: model.max_length }),
    files,
    dispose,
    // Where the symbol is missing, compilers of `await using` look for this one.
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: dispose,
  })));
}

/**
 * An input in its one plain form.
 * @param {unknown} input
 * @returns {import('./runtime.js').TextPair}
 */
function readInput(input) {
  if (typeof input === 'string') return { text: input };
  if (typeof input === 'object' && input !== null) {
    const { text, text_pair, ...rest } = /** @type {Record<string, unknown>} */ (input);
    const pairOrNot = text_pair === undefined || typeof text_pair === 'string';
    if (typeof text === 'string' && pairOrNot && Object.keys(rest).length === 0) return { text, text_pair };
  }
  throw new HeadwiseError('input',
    'An input is a string or {text, text_pair} of strings; several are given as an array.',
    { supported: ['a string', '{text, text_pair}', 'an array of those'] });
}

/** @template {object} T @param {T} value @returns {Readonly<T>} */
function deepFreeze(value) {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
