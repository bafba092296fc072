/// <reference lib="esnext.disposable" preserve="true" />

/**
 * `pipeline()`: checks what is asked, has an engine load the model, and returns the function that uses it, which
 * `calls.js` makes.
 */

import { callOf } from './calls.js';
import { deepFreeze, disposable, open } from './engine/open.js';
import { checkLoadOptions } from './options.js';
import { taskOf } from './tasks/index.js';

/**
 * @typedef {import('./tasks/index.js').TaskName} TaskName
 * @typedef {import('./tasks/index.js').Task} Task
 * @typedef {import('./options.js').LoadOptions} LoadOptions
 * @typedef {import('./runtime/glue.js').ModelInfo} ModelInfo
 */

/** @typedef {{function_to_apply: import('./runtime/glue.js').ScoreFunction}} OfClassifier */

/**
 * A loaded model that is called as its task is: see `tasks/`. `model.config` is what stands in its `config.json`.
 * @template {TaskName} T
 * @typedef {import('./tasks/index.js').Calls[T] & import('./engine/open.js').Disposable & {
 *   readonly task: T,
 *   readonly model: Readonly<ModelInfo & import('./engine/open.js').Origin & {config: Readonly<Record<string, any>>}
 *     & (T extends 'text-classification' ? OfClassifier : {})>,
 *   readonly tokenizer: Readonly<{max_length: number, mask_token?: string}>,
 * }} Pipeline
 */

/**
 * Makes the public `pipeline` function.
 * @param {import('./host.js').Host} host
 */
export function pipelineOn(host) {
  /**
   * Loads a model and resolves to a function that uses it.
   * @template {Task} T
   * @param {T} task
   * @param {import('./engine/open.js').ModelReference} model a Hub id, the URL of a folder, or the files of a model
   * @param {LoadOptions} [options]
   * @returns {Promise<Pipeline<import('./tasks/index.js').Meant<T>>>}
   */
  return async function pipeline(task, model, options = {}) {
    const checked = checkLoadOptions(options);
    const name = taskOf(task);
    const client = await open(host, { part: 'pipeline', task: name }, model, checked);
    // Whatever it throws is no reason to lose the model.
    queueMicrotask(() => checked.progress_callback?.({ status: 'ready', task: name, model: client.info.id }));
    const { max_length, mask_token } = client.info;
    return /** @type {any} */ (disposable(client, callOf(name, client), {
      task: name,
      model: deepFreeze(client.info),
      tokenizer: Object.freeze({ max_length, ...mask_token && { mask_token } }),
    }));
  };
}
