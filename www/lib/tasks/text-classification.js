/** Labels of texts, or of pairs of texts. */

import { check, count, countOrNull, flag } from '../base/rules.js';
import { badInput, callRules, inAnyCase, objectOf, oneOrMore } from './request.js';

/** A text, or two that are judged together. @typedef {string | {text: string, text_pair?: string}} TextInput */

/** @typedef {{label: string, score: number}} Classification */

/** @typedef {import('../runtime/glue.js').ScoreFunction} ScoreFunction */

/**
 * @typedef {object} OwnOptions
 * @property {number | null} [top_k] how many of the best labels; `null` for all; 1 by default
 * @property {ScoreFunction | Uppercase<ScoreFunction>} [function_to_apply] from logits to scores;
 *   by default what the model's configuration asks for
 * @property {boolean} [truncation] cut what is longer than the model can read (default) or refuse it
 * @property {number} [max_length] cut to so many tokens
 * @property {boolean} [padding] changes nothing: nothing is padded
 */

/** @typedef {OwnOptions & import('./request.js').CallOptions} ClassifyOptions */

/**
 * Of each text its best label, or with another `top_k` than 1 a list, best first.
 * @template {number | null} K
 * @typedef {K extends 1 ? Classification[]
 *   : number extends K ? Classification[] | Classification[][]
 *   : Classification[][]} BatchResult
 */

/** @typedef {import('./request.js').WithMeta} WithMeta */
/** @template T @typedef {import('./request.js').Source<T>} Source */
/** @template T @typedef {import('./request.js').Results<T>} Results */

/**
 * `classify(text)` gives its labels, best first; `classify(texts)` the best label of each text, or with `top_k` a list
 * for each.
 * @typedef {{
 *   (input: TextInput, options?: ClassifyOptions): Promise<Classification[] & WithMeta>,
 *   <K extends number | null = 1>(inputs: readonly TextInput[], options?: ClassifyOptions & {top_k?: K}):
 *     Promise<BatchResult<K> & WithMeta>,
 *   (input: TextInput | readonly TextInput[], options?: ClassifyOptions):
 *     Promise<(Classification[] | Classification[][]) & WithMeta>,
 *   stream<K extends number | null = 1>(source: Source<TextInput>, options?: ClassifyOptions & {top_k?: K}):
 *     Results<BatchResult<K>[number]>,
 * }} TextClassificationCall
 */

/** @type {import('../base/rules.js').Rules<ClassifyOptions>} */
const rules = {
  top_k: countOrNull,
  function_to_apply: inAnyCase('softmax', 'sigmoid', 'none'),
  truncation: flag,
  max_length: count,
  padding: flag,
  ...callRules,
};

/**
 * @param {TextInput | readonly TextInput[]} input
 * @param {ClassifyOptions} [given]
 * @returns {import('./request.js').Request}
 */
export function textClassification(input, given = {}) {
  const options = check(given, rules);
  const { inputs, several, shape } = oneOrMore(input, readInput);
  const { top_k = 1 } = options;
  // Of several texts with one label each, transformers.js gives no lists.
  const flat = several && top_k === 1;
  return { inputs, options, shape: flat ? (results) => results.map(([best]) => best) : shape };
}

/** @param {unknown} input */
function readInput(input) {
  if (typeof input === 'string') return { text: input };
  const { text, text_pair } = objectOf(input, ['text', 'text_pair']) ?? {};
  if (typeof text === 'string' && text_pair == null) return { text };
  if (typeof text === 'string' && typeof text_pair === 'string') return { text, text_pair };
  throw badInput('An input is a string or {text, text_pair} of strings; several are given as an array.',
    'a string', '{text, text_pair}', 'an array of those');
}
