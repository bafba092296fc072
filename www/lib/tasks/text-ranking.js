/** Documents by how well they answer a query. */

import { check, countOrNull, flag, oneOf, text, texts } from '../base/rules.js';
import { badInput, callRules, objectOf, oneOrMore } from './request.js';

/** @typedef {{query: string, documents: readonly string[]}} RankingInput */

/**
 * @typedef {object} OwnOptions
 * @property {number | null} [top_k] how many documents, best first; all by default
 * @property {boolean} [return_documents] whether results hold the documents
 * @property {'sigmoid' | 'identity'} [activation_fn] from logits to scores; by default what the model's configuration
 *   asks for
 * @property {string | null} [prompt] stands before the query; by default what a CrossEncoder's files say
 * @property {string | null} [prompt_name] the prompt that the model has under this name; `prompt` wins
 * @property {boolean} [truncation] cut what is longer than the model can read (default) or refuse it
 */

/** @typedef {OwnOptions & import('./request.js').CallOptions} TextRankingOptions */

/**
 * A document by its place among those that were given.
 * @typedef {{corpus_id: number, score: number, text?: string}} Ranked
 */

/** @typedef {import('./request.js').WithMeta} WithMeta */

/** With the documents, if they were asked for. @typedef {Ranked & {text: string}} RankedDocument */

/** @typedef {TextRankingOptions & {return_documents: true}} WithDocuments */

/**
 * The documents, best first.
 * @typedef {((query: string, documents: readonly string[], options: WithDocuments) => Promise<RankedDocument[] & WithMeta>)
 *   & ((query: string, documents: readonly string[], options?: TextRankingOptions) => Promise<Ranked[] & WithMeta>)
 *   & ((input: RankingInput, options: WithDocuments) => Promise<RankedDocument[] & WithMeta>)
 *   & ((inputs: readonly RankingInput[], options: WithDocuments) => Promise<RankedDocument[][] & WithMeta>)
 *   & import('./request.js').OneOrMore<RankingInput, TextRankingOptions, Ranked[]>} TextRankingCall
 */

/** @type {import('../base/rules.js').Rules<TextRankingOptions>} */
const rules = {
  top_k: countOrNull,
  return_documents: flag,
  activation_fn: oneOf('sigmoid', 'identity'),
  prompt: text,
  prompt_name: text,
  truncation: flag,
  ...callRules,
};

/**
 * @param {...unknown} args `(query, documents, options)` or `({query, documents}, options)`
 * @returns {import('./request.js').Request}
 */
export function textRanking(...args) {
  const [first, second, third] = args;
  const [input, given = {}] = typeof first === 'string' ? [{ query: first, documents: second }, third] : [first, second];
  return { options: check(/** @type {TextRankingOptions} */ (given), rules), ...oneOrMore(input, readInput) };
}

/** @param {unknown} input */
function readInput(input) {
  const { query, documents } = objectOf(input, ['query', 'documents']) ?? {};
  if (typeof query === 'string' && texts.accepts(documents)) return { query, documents };
  throw badInput('An input is a query and an array of documents, all strings; several are given as an array.',
    '(query, documents)', '({query, documents})', 'an array of those');
}
