/** Words for the masks of texts. */

import { anyOf, check, count, flag, plainObject, text, texts } from '../base/rules.js';
import { callRules, oneOrMore, readText } from './request.js';

/** @typedef {import('./request.js').TokenizerKwargs} TokenizerKwargs */

/**
 * @typedef {object} OwnOptions
 * @property {number} [top_k] how many words for each mask, best first; 5 by default
 * @property {string | readonly string[]} [targets] the only words that are considered
 * @property {boolean} [truncation] cut what is longer than the model can read (default) or refuse it
 * @property {TokenizerKwargs} [tokenizer_kwargs] for the tokenizer, in an object as in Python
 */

/** @typedef {OwnOptions & import('./request.js').CallOptions} FillMaskOptions */

/**
 * A word in place of a mask: its id, and the text with it.
 * @typedef {{score: number, token: number, token_str: string, sequence: string}} FilledMask
 */

/** @typedef {import('./request.js').WithMeta} WithMeta */

/**
 * Of a text with one mask the best words; with several masks a list of words for each, which a caller from TypeScript
 * says: `unmask<FilledMask[][]>(text)`. The mask is `tokenizer.mask_token`.
 * @typedef {{
 *   <Result = FilledMask[]>(text: string, options?: FillMaskOptions): Promise<Result & WithMeta>,
 *   <Result = FilledMask[]>(texts: readonly string[], options?: FillMaskOptions): Promise<Result[] & WithMeta>,
 *   <Result = FilledMask[]>(texts: string | readonly string[], options?: FillMaskOptions):
 *     Promise<(Result | Result[]) & WithMeta>,
 *   stream<Result = FilledMask[]>(source: import('./request.js').Source<string>, options?: FillMaskOptions):
 *     import('./request.js').Results<Result>,
 * }} FillMaskCall
 */

/** @type {import('../base/rules.js').Rules<FillMaskOptions>} */
const rules = {
  top_k: count,
  targets: anyOf(text, texts),
  truncation: flag,
  tokenizer_kwargs: plainObject,
  ...callRules,
};

/**
 * @param {string | readonly string[]} input
 * @param {FillMaskOptions} [given]
 * @returns {import('./request.js').Request}
 */
export function fillMask(input, given = {}) {
  const { inputs, shape } = oneOrMore(input, readText);
  /** @param {FilledMask[][]} masks */
  const ofText = (masks) => (masks.length === 1 ? masks[0] : masks);
  return { inputs, options: check(given, rules), shape: (results) => shape(results.map(ofText)) };
}
