/** `pipeline()` and the classes of pipelines as in transformers.js, over those of the package. */

import { isWorker } from '../options.js';
import { taskOf } from '../tasks/index.js';
import { Callable, callable } from './callable.js';
import { CALLS } from './calls.js';
import { headwise } from './face.js';
import { loadFirst } from './load.js';
import * as models from './models.js';
import { DEFAULTS } from './originals.js';
import { tokenizerOver } from './tokenizer.js';
import { withKnown } from './tolerant.js';

/** What all pipelines are: functions of texts, made by `pipeline()`. */
export class Pipeline extends Callable {}
export class TextClassificationPipeline extends /** @type {new () => PipelineOf<'text-classification'>} */ (Pipeline) {}
export class TokenClassificationPipeline extends /** @type {new () => PipelineOf<'token-classification'>} */ (Pipeline) {}
export class QuestionAnsweringPipeline extends /** @type {new () => PipelineOf<'question-answering'>} */ (Pipeline) {}
export class FillMaskPipeline extends /** @type {new () => PipelineOf<'fill-mask'>} */ (Pipeline) {}
export class ZeroShotClassificationPipeline extends /** @type {new () => PipelineOf<'zero-shot-classification'>} */ (Pipeline) {}
export class FeatureExtractionPipeline extends /** @type {new () => PipelineOf<'feature-extraction'>} */ (Pipeline) {}

/** @typedef {import('../tasks/index.js').TaskName} TaskName */

/**
 * The class of a task's pipelines, and that of its models.
 * @type {Record<TaskName, [{prototype: object}, import('./models.js').Auto]>}
 */
const CLASSES = {
  'text-classification': [TextClassificationPipeline, 'AutoModelForSequenceClassification'],
  'token-classification': [TokenClassificationPipeline, 'AutoModelForTokenClassification'],
  'question-answering': [QuestionAnsweringPipeline, 'AutoModelForQuestionAnswering'],
  'fill-mask': [FillMaskPipeline, 'AutoModelForMaskedLM'],
  'zero-shot-classification': [ZeroShotClassificationPipeline, 'AutoModelForSequenceClassification'],
  'feature-extraction': [FeatureExtractionPipeline, 'AutoModel'],
  'multiple-choice': [Pipeline, 'AutoModelForMultipleChoice'],
  'text-ranking': [Pipeline, 'AutoModelForSequenceClassification'],
};

/**
 * A loaded model that is called as its task is. `model` and `tokenizer` can be called as well; the first such call loads
 * them, each by itself.
 * @template {TaskName} T
 * @typedef {import('./calls.js').Calls[T] & Pipeline & import('../engine/open.js').Disposable & {
 *   readonly task: T,
 *   model: import('./models.js').Model<any>,
 *   tokenizer: import('./tokenizer.js').Tokenizer,
 *   processor: null,
 * }} PipelineOf
 */

/**
 * Loads a model for a task, and resolves to a function that uses it.
 * @template {import('../tasks/index.js').Task} T
 * @param {T} task
 * @param {import('./load.js').ModelReference | null} [model] of the task's default, if none is given
 * @param {import('./load.js').LoadOptions} [options]
 * @returns {Promise<PipelineOf<import('../tasks/index.js').Meant<T>>>}
 */
export async function pipeline(task, model, options) {
  const name = taskOf(task);
  const { plain, parts } = await loadFirst(model ?? DEFAULTS[name], options, async (found, given) => {
    const { progress_callback, signal, worker, ...others } = given;
    return {
      plain: await headwise.pipeline(name, found, given),
      // A worker that was given is taken.
      parts: new Parts([found, { ...others, worker: isWorker(worker) ? true : worker }]),
    };
  });
  const [kind, auto] = CLASSES[name];
  const { config, ...about } = plain.model;
  const bare = models.modelOver(models[auto], parts.loads(headwise[auto]), { config, model: about });
  const { max_length, mask_token = null } = plain.tokenizer;
  const tokenizer = tokenizerOver(parts.loads(headwise.AutoTokenizer), { model_max_length: max_length, mask_token });
  const dispose = async () => {
    await plain.dispose();
    await parts.dispose();
  };
  const run = CALLS[name](plain, bare);
  const call = async (/** @type {any[]} */ ...args) => {
    const last = args.at(-1);
    const isObject = typeof last === 'object' && last !== null;
    return isObject ? withKnown(last, (options) => run(...args.slice(0, -1), options)) : run(...args);
  };
  return /** @type {any} */ (callable(kind, call, {
    task: name, model: bare, tokenizer, processor: null, files: plain.files, dispose,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: dispose,
  }));
}

/** What is loaded beside a pipeline, of the same files, once it is called. */
class Parts {
  /** @type {Promise<{dispose(): Promise<void>}>[]} */
  #loaded = [];
  #source;

  /** @param {readonly [import('./load.js').ModelReference, import('../options.js').LoadOptions]} source */
  constructor(source) {
    this.#source = source;
  }

  /**
   * What gives a part, loaded at the first call.
   * @param {import('../auto.js').AutoClass<any>} auto
   * @returns {() => Promise<any>}
   */
  loads(auto) {
    /** @type {Promise<any> | undefined} */
    let part;
    return () => {
      if (!part) {
        part = auto.from_pretrained(...this.#source);
        this.#loaded.push(part);
        part.catch(() => { part = undefined; });
      }
      return part;
    };
  }

  async dispose() {
    const parts = await Promise.allSettled(this.#loaded);
    await Promise.all(parts.map((part) => part.status === 'fulfilled' && part.value.dispose()));
  }
}
