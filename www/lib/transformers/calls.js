/** How the pipeline of each task is called in transformers.js, in terms of the package's: a function of it for each. */

import { warnOnce } from './env.js';
import { quantize_embeddings } from './operations.js';
import { Tensor } from './tensor.js';

/**
 * @typedef {import('../tasks/feature-extraction.js').FeatureExtractionOptions} PlainOptions
 * @typedef {Omit<PlainOptions, 'pooling'> & {pooling?: PlainOptions['pooling'] | 'eos', quantize?: boolean,
 *   precision?: 'binary' | 'ubinary', padding?: boolean, max_length?: number}} FeatureExtractionOptions
 */

/**
 * @typedef {(texts: string | readonly string[], options?: FeatureExtractionOptions) =>
 *   Promise<Tensor & import('../tasks/request.js').WithMeta>} FeatureExtractionCall
 */

/**
 * The calls of the package, with what transformers.js has beside it.
 * @typedef {Omit<import('../tasks/index.js').Calls, 'feature-extraction'>
 *   & Record<'feature-extraction', FeatureExtractionCall>} Calls
 */

/** @typedef {(...args: any[]) => Promise<any>} Call */

/** @param {Call} plain */
const asIs = (plain) => plain;

/** @type {Record<import('../tasks/index.js').TaskName, (plain: any, model: import('./models.js').Model<any>) => Call>} */
export const CALLS = {
  'text-classification': (plain, model) => async (texts, options) => {
    const result = await plain(texts, classifyOptions(options, plain.model, model.config));
    return relabelled(result, plain.model.labels, model.config.id2label);
  },
  'token-classification': (plain) => async (texts, options) => plain(texts, tokenOptions(options)),
  'question-answering': asIs,
  'fill-mask': (plain) => async (texts, options = {}) => plain(texts, renamed(options, 'topk', 'top_k')),
  // A string is one label; in Python its commas part several.
  'zero-shot-classification': (plain) => async (texts, labels, options = {}) =>
    plain(texts, typeof labels === 'string' ? [labels] : labels, renamed(options, 'multi_class', 'multi_label')),
  'feature-extraction': (plain) => async (texts, options = {}) => {
    const { pooling = 'none', quantize = false, precision = 'binary', padding, max_length, ...others } = options;
    const result = await plain(texts, {
      pooling: pooling === 'eos' ? 'last_token' : pooling,
      ...max_length && { tokenize_kwargs: { truncation: true, max_length } },
      ...others,
    });
    const tensor = Tensor.from(result);
    return Object.defineProperty(quantize ? quantize_embeddings(tensor, precision) : tensor, 'meta', { value: result.meta });
  },
  'multiple-choice': asIs,
  'text-ranking': asIs,
};

/**
 * Options with one of them by its new name, which counts before the old one.
 * @param {Record<string, any>} options
 * @param {string} old
 * @param {string} name
 * @param {(value: any) => unknown} [convert] what the new one is
 */
function renamed(options, old, name, convert = (value) => value) {
  const { [old]: value, ...others } = options;
  if (value === undefined) return options;
  warnOnce(`the option “${old}” is “${name}” now.`);
  return { [name]: convert(value), ...others };
}

/**
 * @param {Record<string, any> | undefined} options
 * @param {import('../runtime/glue.js').ModelInfo} about
 * @param {Record<string, any>} config as it may have been changed since
 */
function classifyOptions(options = {}, { problem_type }, config) {
  const counted = renamed(options, 'topk', 'top_k', (count) => count || null);
  const all = renamed(counted, 'return_all_scores', 'top_k', (wanted) => (wanted ? null : 1));
  if (config.problem_type == null || config.problem_type === problem_type) return all;
  return { function_to_apply: config.problem_type === 'multi_label_classification' ? 'sigmoid' : 'softmax', ...all };
}

/** @param {Record<string, any>} [options] */
function tokenOptions(options = {}) {
  const { ignore_subwords, ...others } = options;
  const grouped = ignore_subwords ? 'first' : 'simple';
  return renamed(others, 'grouped_entities', 'aggregation_strategy', (wanted) => (wanted ? grouped : 'none'));
}

/**
 * Results with the labels that the configuration has now.
 * @param {any} results
 * @param {readonly string[]} labels
 * @param {Record<string, string> | undefined} id2label
 */
function relabelled(results, labels, id2label) {
  if (!id2label || labels.every((label, id) => id2label[id] === label)) return results;
  for (const result of results.flat()) result.label = id2label[labels.indexOf(result.label)] ?? result.label;
  return results;
}
