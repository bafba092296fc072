/** The names of transformers.js, those of `index.js` among them. */

export { env, LogLevel } from './env.js';
export * from './maths.js';
export {
  AutoModel, AutoModelForMaskedLM, AutoModelForMultipleChoice, AutoModelForQuestionAnswering,
  AutoModelForSequenceClassification, AutoModelForTokenClassification, PretrainedConfig, PretrainedConfig as AutoConfig,
  PreTrainedModel,
} from './models.js';
export * from './named.js';
export * from './operations.js';
export {
  FeatureExtractionPipeline, FillMaskPipeline, Pipeline, pipeline, QuestionAnsweringPipeline, TextClassificationPipeline,
  TokenClassificationPipeline, ZeroShotClassificationPipeline,
} from './pipeline.js';
export { Tensor } from './tensor.js';
export { PreTrainedTokenizer, PreTrainedTokenizer as AutoTokenizer } from './tokenizer.js';
