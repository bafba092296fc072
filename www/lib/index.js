/**
 * Headwise: any Hugging Face text encoder, straight from its safetensors, in the browser.
 *
 * ```js
 * import { pipeline } from 'headwise';
 * const classify = await pipeline('text-classification', 'user/model');
 * await classify('I love it'); // [{ label: 'joy', score: 0.98 }]
 * ```
 *
 * The route of a call: `pipeline.js` → `tasks/` → `engine/client.js` → a worker: `engine/engine.js` → WASM; the
 * route of a model: `fetch/` or `store/` → `source/` → `engine/load.js` → WASM. Only `browser.js` knows
 * the generated module. No import runs up: `tests/js/rooms.test.mjs` has the floors.
 */

import { browser } from './browser.js';
import { classicWorker, unpackModule } from './copies.js';
import { faceOn } from './face.js';

export { HeadwiseError } from './errors.js';
export { fileUrl } from './source/hub.js';
export { droppedFiles } from './source/local.js';
export { Tensor } from './tensor.js';

/**
 * @typedef {import('./tasks/index.js').Task} Task
 * @typedef {import('./tasks/index.js').TaskName} TaskName
 * @typedef {import('./tasks/text-classification.js').TextInput} TextInput
 * @typedef {import('./tasks/text-classification.js').ClassifyOptions} ClassifyOptions
 * @typedef {import('./tasks/text-classification.js').Classification} Classification
 * @typedef {import('./tasks/zero-shot-classification.js').ZeroShotOptions} ZeroShotOptions
 * @typedef {import('./tasks/zero-shot-classification.js').ZeroShotResult} ZeroShotResult
 * @typedef {import('./tasks/token-classification.js').TokenClassificationInput} TokenClassificationInput
 * @typedef {import('./tasks/token-classification.js').TokenClassificationOptions} TokenClassificationOptions
 * @typedef {import('./tasks/token-classification.js').TokenEntity} TokenEntity
 * @typedef {import('./tasks/token-classification.js').EntityGroup} EntityGroup
 * @typedef {import('./tasks/question-answering.js').Question} Question
 * @typedef {import('./tasks/question-answering.js').QuestionAnsweringOptions} QuestionAnsweringOptions
 * @typedef {import('./tasks/question-answering.js').Answer} Answer
 * @typedef {import('./tasks/fill-mask.js').FillMaskOptions} FillMaskOptions
 * @typedef {import('./tasks/fill-mask.js').FilledMask} FilledMask
 * @typedef {import('./tasks/feature-extraction.js').FeatureExtractionOptions} FeatureExtractionOptions
 * @typedef {import('./tasks/multiple-choice.js').MultipleChoiceOptions} MultipleChoiceOptions
 * @typedef {import('./tasks/multiple-choice.js').ChoiceInput} ChoiceInput
 * @typedef {import('./tasks/multiple-choice.js').Choice} Choice
 * @typedef {import('./tasks/text-ranking.js').TextRankingOptions} TextRankingOptions
 * @typedef {import('./tasks/text-ranking.js').RankingInput} RankingInput
 * @typedef {import('./tasks/text-ranking.js').Ranked} Ranked
 * @typedef {import('./pipeline.js').Pipeline<'text-classification'>} TextClassificationPipeline
 * @typedef {import('./tokenizer.js').Tokenizer} Tokenizer
 * @typedef {import('./tokenizer.js').TokenizerOptions} TokenizerOptions
 * @typedef {import('./tokenizer.js').Encoding} Encoding
 * @typedef {import('./model.js').ModelInputs} ModelInputs
 * @typedef {import('./model.js').ForwardOptions} ForwardOptions
 * @typedef {import('./options.js').LoadOptions} LoadOptions
 * @typedef {import('./runtime/glue.js').InputInfo} InputInfo
 * @typedef {import('./runtime/glue.js').ModelInfo} ModelInfo
 * @typedef {import('./source/progress.js').ProgressEvent} ProgressEvent
 * @typedef {import('./source/lock.js').Lock} Lock
 * @typedef {import('./models.js').Models} Models
 * @typedef {import('./models.js').StorageEstimate} StorageEstimate
 * @typedef {import('./store/store.js').StoredModel} StoredModel
 * @typedef {import('./errors.js').ErrorCode} ErrorCode
 */

/**
 * The pipeline of a task.
 * @template {import('./tasks/index.js').TaskName} T
 * @typedef {import('./pipeline.js').Pipeline<T>} Pipeline
 */

/** A model by itself. @template Output @typedef {import('./auto.js').PretrainedModel<Output>} PretrainedModel */

/**
 * A browser. Bundlers find the other files of the package by exactly these expressions; they are evaluated when they
 * are needed, for some hosts have no addresses of modules. Where those files cannot be had, their copies are.
 */
const face = faceOn({
  ...browser,
  modules: () => ({
    relaxed: new URL('./wasm/headwise_relaxed.wasm', import.meta.url).href,
    simd128: new URL('./wasm/headwise_simd128.wasm', import.meta.url).href,
  }),
  workers: [
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
    async () => classicWorker((await import('./inline/worker.js')).default),
  ],
  copies: async () => {
    const parts = await Promise.all([
      import('./inline/module1.js'), import('./inline/module2.js'), import('./inline/module3.js'), import('./inline/module4.js'),
    ]);
    return { relaxed: await unpackModule(parts.map((part) => part.default)) };
  },
});

/**
 * Loads a model and resolves to a function that uses it: `await pipeline(task, model, options)`.
 *
 * - `task`: one of `TaskName`, or another name of it: `'sentiment-analysis'`, `'ner'`, `'embeddings'`
 * - `model`: a Hub id (`'user/model'`), the URL of a folder with the model's files (`'https://…'`, or relative
 *   to the page: `'./…'`, `'../…'`, `'/…'`), or those files themselves (`File[]`)
 * - `options`: see `LoadOptions`
 *
 * Rejects with a `HeadwiseError` whose `code` tells what is wrong.
 */
export const { pipeline } = face;

/**
 * Models, tokenizers and configurations by themselves: `await AutoModel.from_pretrained(model, options)`, with the
 * `model` and the `options` of `pipeline()`. Logits leave a model raw.
 */
export const {
  AutoTokenizer,
  AutoConfig,
  AutoModel,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
  AutoModelForQuestionAnswering,
  AutoModelForMultipleChoice,
  AutoModelForMaskedLM,
} = face;

/** The models that this site has downloaded, to be shown and deleted; and the lock of any model. */
export const { models } = face;
