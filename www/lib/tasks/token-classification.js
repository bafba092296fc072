/** Labels of the tokens of texts, or of the entities that they make together. */

import { anyOf, check, countFromZero, flag, text, texts } from '../base/rules.js';
import { badInput, callRules, inAnyCase, objectOf, oneOrMore } from './request.js';

/**
 * A text, or its words, with what stands between them (a space by default); offsets then count in the text that the
 * words make.
 * @typedef {string | {words: readonly string[], delimiter?: string}} TokenClassificationInput
 */

/** @typedef {'none' | 'simple' | 'first' | 'average' | 'max'} Strategy */

/**
 * How tokens become entities: not at all; each with its own label; or word by word, with the label of its first token,
 * the one that is best on average, or that of its surest token.
 * @typedef {Strategy | Uppercase<Strategy>} AggregationStrategy
 */

/**
 * @typedef {object} OwnOptions
 * @property {AggregationStrategy} [aggregation_strategy] `'none'` by default
 * @property {string | readonly string[]} [ignore_labels] labels that are left out; `['O']` by default
 * @property {boolean} [is_split_into_words] whether an array of strings is the words of one text, whose result comes in
 *   an array of one as in Python; several such texts are an array of arrays
 * @property {string} [delimiter] what stands between those words; a space by default
 * @property {number} [stride] read a long text in windows that share so many tokens; by default it is cut
 * @property {boolean} [truncation] cut what is longer than the model can read (default) or refuse it
 */

/** @typedef {OwnOptions & import('./request.js').CallOptions} TokenClassificationOptions */

/**
 * Of one token.
 * @typedef {{entity: string, score: number, index: number, word: string, start: number, end: number}} TokenEntity
 */

/**
 * Of one or more.
 * @typedef {{entity_group: string, score: number, word: string, start: number, end: number}} EntityGroup
 */

/** @template {AggregationStrategy} S @typedef {Lowercase<S> extends 'none' ? TokenEntity : EntityGroup} EntityOf */

/** @typedef {import('./request.js').WithMeta} WithMeta */

/**
 * `start` and `end` are such that `text.slice(start, end)` is the entity as it is written.
 * @typedef {{
 *   <S extends AggregationStrategy = 'none'>(input: TokenClassificationInput,
 *     options?: TokenClassificationOptions & {aggregation_strategy?: S}): Promise<EntityOf<S>[] & WithMeta>,
 *   <S extends AggregationStrategy = 'none'>(inputs: readonly TokenClassificationInput[],
 *     options?: TokenClassificationOptions & {aggregation_strategy?: S}): Promise<EntityOf<S>[][] & WithMeta>,
 *   <S extends AggregationStrategy = 'none'>(texts: readonly (readonly string[])[],
 *     options: TokenClassificationOptions & {aggregation_strategy?: S, is_split_into_words: true}):
 *     Promise<EntityOf<S>[][] & WithMeta>,
 *   <S extends AggregationStrategy = 'none'>(inputs: TokenClassificationInput | readonly TokenClassificationInput[],
 *     options?: TokenClassificationOptions & {aggregation_strategy?: S}):
 *     Promise<(EntityOf<S>[] | EntityOf<S>[][]) & WithMeta>,
 *   stream<S extends AggregationStrategy = 'none'>(
 *     source: import('./request.js').Source<TokenClassificationInput | readonly string[]>,
 *     options?: TokenClassificationOptions & {aggregation_strategy?: S}): import('./request.js').Results<EntityOf<S>[]>,
 * }} TokenClassificationCall
 */

/** @type {import('../base/rules.js').Rules<TokenClassificationOptions>} */
const rules = {
  aggregation_strategy: inAnyCase('none', 'simple', 'first', 'average', 'max'),
  ignore_labels: anyOf(text, texts),
  is_split_into_words: flag,
  delimiter: text,
  stride: countFromZero,
  truncation: flag,
  ...callRules,
};

/**
 * @param {TokenClassificationInput | readonly TokenClassificationInput[] | readonly (readonly string[])[]} input
 * @param {TokenClassificationOptions} [given]
 * @returns {import('./request.js').Request}
 */
export function tokenClassification(input, given = {}) {
  const { is_split_into_words, delimiter, ...options } = check(given, rules);
  if (!is_split_into_words) return { options, ...oneOrMore(input, readInput) };
  const several = Array.isArray(input) && input.length > 0 && input.every(Array.isArray);
  const inputs = (several ? input : [input]).map((words) => ({ words, delimiter }));
  return { options, ...oneOrMore(inputs, readInput) };
}

/** @param {unknown} input */
function readInput(input) {
  if (typeof input === 'string') return input;
  const { words, delimiter } = objectOf(input, ['words', 'delimiter']) ?? {};
  if (texts.accepts(words) && (delimiter === undefined || typeof delimiter === 'string')) {
    return { words: /** @type {string[]} */ (words), delimiter };
  }
  throw badInput('An input is a string or {words, delimiter}; several are given as an array.',
    'a string', '{words, delimiter}', 'an array of those');
}
