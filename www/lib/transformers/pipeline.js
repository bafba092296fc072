/** `pipeline()` and the classes of pipelines as in transformers.js, over those of the package. */

import * as headwise from '../index.js';
import { taskOf } from '../tasks/index.js';
import { Callable, callable } from './callable.js';
import { CALLS } from './calls.js';
import { loadFirst } from './load.js';
import {
  AutoModel, AutoModelForMaskedLM, AutoModelForMultipleChoice, AutoModelForQuestionAnswering,
  AutoModelForSequenceClassification, AutoModelForTokenClassification, modelOver,
} from './models.js';
import { DEFAULTS } from './originals.js';
import { tokenizerOver } from './tokenizer.js';

/** What all pipelines are: functions of texts, made by `pipeline()`. */
export class Pipeline extends Callable {}
export class TextClassificationPipeline extends /** @type {new () => PipelineOf<'text-classification'>} */ (Pipeline) {}
export class TokenClassificationPipeline extends /** @type {new () => PipelineOf<'token-classification'>} */ (Pipeline) {}
export class QuestionAnsweringPipeline extends /** @type {new () => PipelineOf<'question-answering'>} */ (Pipeline) {}
export class FillMaskPipeline extends /** @type {new () => PipelineOf<'fill-mask'>} */ (Pipeline) {}
export class ZeroShotClassificationPipeline extends /** @type {new () => PipelineOf<'zero-shot-classification'>} */ (Pipeline) {}
export class FeatureExtractionPipeline extends /** @type {new () => PipelineOf<'feature-extraction'>} */ (Pipeline) {}

/** @typedef {import('../tasks/index.js').TaskName} TaskName */

/** The class of a task's pipelines, and of its models. @type {Record<TaskName, [{prototype: object}, typeof import('./models.js').PreTrainedModel]>} */
const CLASSES = {
  'text-classification': [TextClassificationPipeline, AutoModelForSequenceClassification],
  'token-classification': [TokenClassificationPipeline, AutoModelForTokenClassification],
  'question-answering': [QuestionAnsweringPipeline, AutoModelForQuestionAnswering],
  'fill-mask': [FillMaskPipeline, AutoModelForMaskedLM],
  'zero-shot-classification': [ZeroShotClassificationPipeline, AutoModelForSequenceClassification],
  'feature-extraction': [FeatureExtractionPipeline, AutoModel],
  'multiple-choice': [Pipeline, AutoModelForMultipleChoice],
  'text-ranking': [Pipeline, AutoModelForSequenceClassification],
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
  const { plain, again } = await loadFirst(model ?? DEFAULTS[name], options, async (found, { progress_callback, signal, ...own }) => ({
    plain: await headwise.pipeline(name, found, { progress_callback, signal, ...own }),
    again: /** @type {const} */ ([found, own]),
  }));
  /** What was loaded beside the pipeline. @type {Promise<{dispose(): Promise<void>}>[]} */
  const beside = [];
  /** @param {import('../auto.js').AutoClass<any>} auto @returns {() => Promise<any>} */
  const lazily = (auto) => {
    /** @type {Promise<any> | undefined} */
    let loaded;
    return () => {
      if (!loaded) beside.push(loaded = auto.from_pretrained(...again));
      return loaded;
    };
  };
  const dispose = async () => {
    await plain.dispose();
    for (const loaded of await Promise.allSettled(beside)) if (loaded.status === 'fulfilled') await loaded.value.dispose();
  };
  const [kind, ofModel] = CLASSES[name];
  const { config, ...about } = plain.model;
  const { max_length, mask_token = null } = plain.tokenizer;
  const bare = modelOver(ofModel, lazily(/** @type {any} */ (headwise[ofModel.auto])), config, about);
  return /** @type {any} */ (callable(kind, CALLS[name](plain, bare), {
    task: name,
    model: bare,
    tokenizer: tokenizerOver(lazily(headwise.AutoTokenizer), { model_max_length: max_length, mask_token }),
    processor: null,
    files: plain.files,
    dispose,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: dispose,
  }));
}
