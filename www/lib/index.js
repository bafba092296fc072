/**
 * Headwise: any Hugging Face text classifier, straight from its safetensors, in the browser.
 *
 * ```js
 * import { pipeline } from 'headwise';
 * const classify = await pipeline('text-classification', 'user/model');
 * await classify('I love it'); // [{ label: 'joy', score: 0.98 }]
 * ```
 *
 * The route of a call: `pipeline.js` → `client.js` → a worker: `engine.js` → WASM; the route of a
 * model: `download.js` → `files.js` → `load.js` → WASM. Only this file and `worker.js` know the
 * generated module.
 */

import init, * as glue from './wasm/headwise.js';
import { modelsOn } from './models.js';
import { pipelineOn } from './pipeline.js';
import { Runtime } from './runtime.js';
import { Store } from './store.js';

export { HeadwiseError } from './errors.js';
export { fileUrl } from './hub.js';
export { droppedFiles } from './local.js';

/**
 * @typedef {import('./pipeline.js').Task} Task
 * @typedef {import('./pipeline.js').TextInput} TextInput
 * @typedef {import('./pipeline.js').TextClassificationPipeline} TextClassificationPipeline
 * @typedef {import('./options.js').LoadOptions} LoadOptions
 * @typedef {import('./options.js').ClassifyOptions} ClassifyOptions
 * @typedef {import('./runtime.js').Classification} Classification
 * @typedef {import('./runtime.js').InputInfo} InputInfo
 * @typedef {import('./runtime.js').ModelInfo} ModelInfo
 * @typedef {import('./progress.js').ProgressEvent} ProgressEvent
 * @typedef {import('./lock.js').Lock} Lock
 * @typedef {import('./models.js').Models} Models
 * @typedef {import('./models.js').StorageEstimate} StorageEstimate
 * @typedef {import('./store.js').StoredModel} StoredModel
 * @typedef {import('./errors.js').ErrorCode} ErrorCode
 */

/** Of this thread. */
const runtime = new Runtime(init, glue);

/**
 * Loads a model and resolves to a function that uses it: `await pipeline(task, model, options)`.
 *
 * - `task`: `'text-classification'`, or its other name `'sentiment-analysis'`
 * - `model`: a Hub id (`'user/model'`), the URL of a folder with the model's files (`'https://…'`, or relative
 *   to the page: `'./…'`, `'../…'`, `'/…'`), or those files themselves (`File[]`)
 * - `options`: see `LoadOptions`
 *
 * Rejects with a `HeadwiseError` whose `code` tells what is wrong.
 */
export const pipeline = pipelineOn(runtime);

/** The models that this site has downloaded, to be shown and deleted; and the lock of any model. */
export const models = modelsOn(new Store(), runtime);
