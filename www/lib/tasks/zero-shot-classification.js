/** Labels that come with the call: how well each of them describes a text. */

import { anyOf, check, flag, refuse, text, texts } from '../base/rules.js';
import { callRules, oneOrMore, readText } from './request.js';

/**
 * @typedef {object} OwnOptions
 * @property {string} [hypothesis_template] a sentence with `{}` where the label goes, as Python's `format` reads it;
 *   `'This example is {}.'` by default
 * @property {boolean} [multi_label] judge each label for itself; by default their scores sum to one
 * @property {boolean} [truncation] cut a text that is longer than the model can read (default) or refuse it
 */

/** @typedef {OwnOptions & import('./request.js').CallOptions} ZeroShotOptions */

/**
 * The labels, best first, with the score of each.
 * @typedef {{sequence: string, labels: string[], scores: number[]}} ZeroShotResult
 */

/** @typedef {import('./request.js').WithMeta} WithMeta */

/**
 * Labels are an array, or a string with commas between them.
 * @typedef {{
 *   (text: string, candidate_labels: string | readonly string[], options?: ZeroShotOptions):
 *     Promise<ZeroShotResult & WithMeta>,
 *   (texts: readonly string[], candidate_labels: string | readonly string[], options?: ZeroShotOptions):
 *     Promise<ZeroShotResult[] & WithMeta>,
 *   (texts: string | readonly string[], candidate_labels: string | readonly string[], options?: ZeroShotOptions):
 *     Promise<(ZeroShotResult | ZeroShotResult[]) & WithMeta>,
 *   stream(source: import('./request.js').Source<string>, candidate_labels: string | readonly string[],
 *     options?: ZeroShotOptions): import('./request.js').Results<ZeroShotResult>,
 * }} ZeroShotClassificationCall
 */

/** @type {import('../base/rules.js').Rules<ZeroShotOptions>} */
const rules = {
  hypothesis_template: text,
  multi_label: flag,
  truncation: flag,
  ...callRules,
};

const labels = anyOf(text, texts);

/**
 * @param {string | readonly string[]} input
 * @param {string | readonly string[]} candidate_labels
 * @param {ZeroShotOptions} [given]
 * @returns {import('./request.js').Request}
 */
export function zeroShotClassification(input, candidate_labels, given = {}) {
  if (!labels.accepts(candidate_labels)) {
    throw refuse('candidate_labels', labels.supported, 'The labels are the second argument.');
  }
  // Python takes no null here, and a label that goes nowhere would be a guess.
  if (given?.hypothesis_template === null) {
    throw refuse('hypothesis_template', text.supported, 'The template is null.');
  }
  return { ...oneOrMore(input, readText), options: { ...check(given, rules), candidate_labels } };
}
