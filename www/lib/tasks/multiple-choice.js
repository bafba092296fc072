/** The best of several ways in which a text may go on. */

import { check, countOrNull, flag, texts } from '../base/rules.js';
import { badInput, callRules, objectOf, oneOrMore } from './request.js';

/** @typedef {{prompt: string, choices: readonly string[]}} ChoiceInput */

/**
 * @typedef {object} OwnOptions
 * @property {number | null} [top_k] how many choices, best first; all by default
 * @property {boolean} [truncation] cut what is longer than the model can read (default) or refuse it
 */

/** @typedef {OwnOptions & import('./request.js').CallOptions} MultipleChoiceOptions */

/**
 * A choice with its place among those that were given; scores of all sum to one.
 * @typedef {{index: number, choice: string, score: number}} Choice
 */

/** @typedef {import('./request.js').WithMeta} WithMeta */

/**
 * The choices, best first.
 * @typedef {((prompt: string, choices: readonly string[], options?: MultipleChoiceOptions) => Promise<Choice[] & WithMeta>)
 *   & import('./request.js').OneOrMore<ChoiceInput, MultipleChoiceOptions, Choice[]>} MultipleChoiceCall
 */

/** @type {import('../base/rules.js').Rules<MultipleChoiceOptions>} */
const rules = { top_k: countOrNull, truncation: flag, ...callRules };

/**
 * @param {...unknown} args `(prompt, choices, options)` or `({prompt, choices}, options)`
 * @returns {import('./request.js').Request}
 */
export function multipleChoice(...args) {
  const [first, second, third] = args;
  const [input, given = {}] = typeof first === 'string' ? [{ prompt: first, choices: second }, third] : [first, second];
  return { options: check(/** @type {MultipleChoiceOptions} */ (given), rules), ...oneOrMore(input, readInput) };
}

/** @param {unknown} input */
function readInput(input) {
  const { prompt, choices } = objectOf(input, ['prompt', 'choices']) ?? {};
  if (typeof prompt === 'string' && texts.accepts(choices)) return { prompt, choices };
  throw badInput('An input is a prompt and an array of choices, all strings; several are given as an array.',
    '(prompt, choices)', '({prompt, choices})', 'an array of those');
}
