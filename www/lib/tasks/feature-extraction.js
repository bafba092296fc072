/** Hidden vectors: of the tokens of texts, or one for each text. */

import { check, count, flag, oneOf, plainObject, text } from '../base/rules.js';
import { stack } from '../tensor.js';
import { callRules, oneOrMore, readText } from './request.js';

/** @typedef {import('./request.js').TokenizerKwargs} TokenizerKwargs */

/**
 * @typedef {object} OwnOptions
 * @property {'none' | 'mean' | 'cls' | 'max' | 'first_token' | 'last_token'} [pooling] how the vectors of a text's
 *   tokens become one (`'cls'` and `'first_token'` are the same); by default what a sentence-transformers model says
 *   of itself, and of other models `'none'`
 * @property {boolean} [normalize] divide each vector by its length
 * @property {boolean} [normalize_embeddings] the same by the name that sentence-transformers has for it
 * @property {string | null} [prompt] stands before each text; by default what a sentence-transformers model says, if
 *   `pooling` is left to it, too
 * @property {string | null} [prompt_name] the prompt that the model has under this name; `prompt` wins
 * @property {number | null} [truncate_dim] how many numbers of the vector of a text are kept, before it is normalised
 * @property {boolean} [truncation] cut what is longer than the model can read (default) or refuse it
 * @property {TokenizerKwargs} [tokenize_kwargs] for the tokenizer, in an object as in Python
 */

/** @typedef {OwnOptions & import('./request.js').CallOptions} FeatureExtractionOptions */

/** @typedef {import('../tensor.js').Tensor} Tensor */

/**
 * A tensor `[texts, numbers]`, or without pooling `[texts, tokens, numbers]`, in which shorter texts are filled up with
 * zeros to the longest; `meta.inputs[i].tokens` tells where a text ends. A single text counts as an array of one.
 * @typedef {{
 *   (texts: string | readonly string[], options?: FeatureExtractionOptions): Promise<Tensor & import('./request.js').WithMeta>,
 *   stream(source: import('./request.js').Source<string>, options?: FeatureExtractionOptions):
 *     import('./request.js').Results<Tensor>,
 * }} FeatureExtractionCall
 */

/** @type {import('../base/rules.js').Rules<FeatureExtractionOptions>} */
const rules = {
  pooling: oneOf('none', 'mean', 'cls', 'max', 'first_token', 'last_token'),
  normalize: flag,
  normalize_embeddings: flag,
  prompt: text,
  prompt_name: text,
  truncate_dim: count,
  truncation: flag,
  tokenize_kwargs: plainObject,
  ...callRules,
};

/**
 * @param {string | readonly string[]} input
 * @param {FeatureExtractionOptions} [given]
 * @returns {import('./request.js').Request}
 */
export function featureExtraction(input, given = {}) {
  const { inputs } = oneOrMore(input, readText);
  return { inputs, options: check(given, rules), shape: stack };
}
