/**
 * The package with the face of transformers.js: code that was written for it runs with this import in place of its own.
 *
 * ```js
 * import { pipeline } from 'headwise/transformers';
 * ```
 *
 * Everything is made of what `index.js` exports; the main entry knows nothing of it.
 */

export * from './index.js';
export { env, LogLevel } from './transformers/env.js';
export * from './transformers/maths.js';
export {
  AutoModel, AutoModelForMaskedLM, AutoModelForMultipleChoice, AutoModelForQuestionAnswering,
  AutoModelForSequenceClassification, AutoModelForTokenClassification, PretrainedConfig, PretrainedConfig as AutoConfig,
  PreTrainedModel,
} from './transformers/models.js';
export * from './transformers/named.js';
export * from './transformers/operations.js';
export {
  FeatureExtractionPipeline, FillMaskPipeline, Pipeline, pipeline, QuestionAnsweringPipeline, TextClassificationPipeline,
  TokenClassificationPipeline, ZeroShotClassificationPipeline,
} from './transformers/pipeline.js';
export { Tensor } from './transformers/tensor.js';
export { PreTrainedTokenizer, PreTrainedTokenizer as AutoTokenizer } from './transformers/tokenizer.js';
