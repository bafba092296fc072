/**
 * The tasks: what each makes of the arguments of a call. Adding one is a file, a line here, and one in Rust's
 * `tasks/any.rs`.
 */

import { HeadwiseError } from '../errors.js';
import { featureExtraction } from './feature-extraction.js';
import { fillMask } from './fill-mask.js';
import { multipleChoice } from './multiple-choice.js';
import { questionAnswering } from './question-answering.js';
import { textClassification } from './text-classification.js';
import { textRanking } from './text-ranking.js';
import { tokenClassification } from './token-classification.js';
import { zeroShotClassification } from './zero-shot-classification.js';

/**
 * How the pipeline of each task is called.
 * @typedef {object} Calls
 * @property {import('./text-classification.js').TextClassificationCall} text-classification
 * @property {import('./zero-shot-classification.js').ZeroShotClassificationCall} zero-shot-classification
 * @property {import('./token-classification.js').TokenClassificationCall} token-classification
 * @property {import('./question-answering.js').QuestionAnsweringCall} question-answering
 * @property {import('./fill-mask.js').FillMaskCall} fill-mask
 * @property {import('./feature-extraction.js').FeatureExtractionCall} feature-extraction
 * @property {import('./multiple-choice.js').MultipleChoiceCall} multiple-choice
 * @property {import('./text-ranking.js').TextRankingCall} text-ranking
 */

/** @typedef {keyof Calls} TaskName */

/** Other names. @typedef {keyof typeof ALIASES} Alias */

/** What `pipeline()` takes for a task. @typedef {TaskName | Alias} Task */

/**
 * The task that a name means.
 * @template {TaskName | Alias} T
 * @typedef {T extends Alias ? (typeof ALIASES)[T] : T} Meant
 */

/** @type {Record<TaskName, (...args: any[]) => import('./request.js').Request>} */
export const TASKS = {
  'text-classification': textClassification,
  'zero-shot-classification': zeroShotClassification,
  'token-classification': tokenClassification,
  'question-answering': questionAnswering,
  'fill-mask': fillMask,
  'feature-extraction': featureExtraction,
  'multiple-choice': multipleChoice,
  'text-ranking': textRanking,
};

const ALIASES = /** @type {const} */ ({
  'sentiment-analysis': 'text-classification',
  ner: 'token-classification',
  embeddings: 'feature-extraction',
});

/**
 * The task that a name means.
 * @param {unknown} name
 * @returns {TaskName}
 */
export function taskOf(name) {
  if (typeof name === 'string' && Object.hasOwn(TASKS, name)) return /** @type {TaskName} */ (name);
  if (typeof name === 'string' && Object.hasOwn(ALIASES, name)) return ALIASES[/** @type {Alias} */ (name)];
  const supported = [...Object.keys(TASKS), ...Object.keys(ALIASES)];
  throw new HeadwiseError('task', `There is no task “${name}”. Supported: ${supported.join(', ')}.`,
    { task: name, supported });
}
