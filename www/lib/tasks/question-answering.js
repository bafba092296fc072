/** Answers to questions: the parts of a text that hold them. */

import { check, count, countFromZero, flag } from '../base/rules.js';
import { HeadwiseError } from '../errors.js';
import { badInput, callRules, objectOf, oneOrMore } from './request.js';

/** @typedef {{question: string, context: string}} Question `context` is the text that holds the answer */

/**
 * @typedef {object} OwnOptions
 * @property {number} [top_k] how many answers, best first; there may be fewer; 1 by default
 * @property {number} [topk] an old name of `top_k`, which counts before it
 * @property {number} [doc_stride] tokens that neighbouring windows of a long text share; 128, or half a window
 * @property {number} [max_answer_len] most tokens of an answer; 15 by default
 * @property {number} [max_seq_len] tokens of a window, with the question; 384, or what the model can read
 * @property {number} [max_question_len] changes nothing, as with Python's fast tokenizers
 * @property {boolean} [handle_impossible_answer] whether no answer, `''`, is one
 * @property {boolean} [align_to_words] whether answers are made of whole words (default)
 */

/** @typedef {OwnOptions & import('./request.js').CallOptions} QuestionAnsweringOptions */

/**
 * A part of the context, `context.slice(start, end)`.
 * @typedef {{answer: string, score: number, start: number, end: number}} Answer
 */

/** @template {number} K @typedef {{top_k?: K, topk?: K}} TopK by either name */

/**
 * With another `top_k` than 1 a list.
 * @template {number} K
 * @typedef {K extends 1 ? Answer : number extends K ? Answer | Answer[] : Answer[]} AnswerOf
 */

/** @typedef {import('./request.js').WithMeta} WithMeta */

/**
 * Several questions may have a context each, or one for all.
 * @typedef {{
 *   <K extends number = 1>(question: string, context: string, options?: QuestionAnsweringOptions & TopK<K>):
 *     Promise<AnswerOf<K> & WithMeta>,
 *   <K extends number = 1>(questions: readonly string[], context: string | readonly string[],
 *     options?: QuestionAnsweringOptions & TopK<K>): Promise<AnswerOf<K>[] & WithMeta>,
 *   <K extends number = 1>(input: Question, options?: QuestionAnsweringOptions & TopK<K>):
 *     Promise<AnswerOf<K> & WithMeta>,
 *   <K extends number = 1>(inputs: readonly Question[], options?: QuestionAnsweringOptions & TopK<K>):
 *     Promise<AnswerOf<K>[] & WithMeta>,
 *   <K extends number = 1>(input: Question | readonly Question[], options?: QuestionAnsweringOptions & TopK<K>):
 *     Promise<(AnswerOf<K> | AnswerOf<K>[]) & WithMeta>,
 *   stream<K extends number = 1>(source: import('./request.js').Source<Question>,
 *     options?: QuestionAnsweringOptions & TopK<K>): import('./request.js').Results<AnswerOf<K>>,
 *   stream<K extends number = 1>(source: import('./request.js').Source<string>, context: string,
 *     options?: QuestionAnsweringOptions & TopK<K>): import('./request.js').Results<AnswerOf<K>>,
 * }} QuestionAnsweringCall
 */

/** @type {import('../base/rules.js').Rules<QuestionAnsweringOptions>} */
const rules = {
  top_k: count,
  topk: count,
  doc_stride: countFromZero,
  max_answer_len: count,
  max_seq_len: count,
  max_question_len: count,
  handle_impossible_answer: flag,
  align_to_words: flag,
  ...callRules,
};

/**
 * @param {...unknown} args `(question, context, options)` or `({question, context}, options)`
 * @returns {import('./request.js').Request}
 */
export function questionAnswering(...args) {
  const [input, given = {}] = inOne(args);
  const { inputs, shape } = oneOrMore(input, readQuestion);
  const options = check(/** @type {QuestionAnsweringOptions} */ (given), rules);
  const { topk = 1, top_k = topk } = options;
  return { inputs, options, shape: (results) => shape(top_k === 1 ? results.map(only) : results) };
}

/**
 * The answer, of one that was asked for.
 * @param {Answer[]} answers
 * @param {number} place
 */
function only([answer], place) {
  if (answer) return answer;
  const reason = 'the context holds no words that could be an answer';
  throw new HeadwiseError('input', `Input ${place}: ${reason}.`, { input: place, reason });
}

/** The arguments with questions and contexts as one. @param {unknown[]} args */
function inOne([question, context, options]) {
  const apart = typeof context === 'string' || Array.isArray(context);
  if (typeof question === 'string') return [{ question, context }, options];
  if (!apart || !Array.isArray(question)) return [question, context];
  if (Array.isArray(context) && context.length !== question.length) {
    throw badInput(`There are ${question.length} questions and ${context.length} contexts.`,
      'one context for all questions', 'one for each');
  }
  const paired = question.map((one, place) => ({ question: one, context: Array.isArray(context) ? context[place] : context }));
  return [paired, options];
}

/** @param {unknown} input */
function readQuestion(input) {
  const { question, context } = objectOf(input, ['question', 'context']) ?? {};
  if (typeof question === 'string' && typeof context === 'string') return { question, context };
  throw badInput('An input is a question and a context, both strings; several are given as an array.',
    '(question, context)', '({question, context})', 'an array of those');
}
