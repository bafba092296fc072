/**
 * What each task makes of the two fields: a call of its pipeline, and from its result bars and marks.
 */

import { list } from './words.js';

/** @typedef {import('../lib/index.js').TaskName} TaskName */
/** @typedef {import('../lib/index.js').FilledMask} FilledMask */
/** @typedef {import('./results.js').Outcome} Outcome */
/** @template {TaskName} T @typedef {import('./tasks.js').Loaded<T>} Loaded */

/** How a call went. @typedef {{ms: number, inputs: import('../lib/index.js').InputInfo[]}} Meta */
/** @typedef {{text: string, second: string, signal: AbortSignal}} Texts */

/** Answers to a question, words for a gap: those that the bars show. */
const ANSWERS = 3;
const WORDS = 5;

/** @type {{[T in TaskName]: (pipeline: Loaded<T>, texts: Texts) => Promise<Outcome & {meta: Meta}>}} */
const OUTCOMES = {
  async 'text-classification'(classify, { text, signal }) {
    const bars = await classify(text, { top_k: null, signal });
    return { bars, meta: bars.meta };
  },

  async 'zero-shot-classification'(classify, { text, second, signal }) {
    const { labels, scores, meta } = await classify(text, linesOf(second), { signal });
    return { bars: labels.map((label, place) => ({ label, score: scores[place] })), meta };
  },

  async 'token-classification'(tag, { text, signal }) {
    // Words are kept whole: models are trained on the first token of each.
    const entities = await tag(text, { aggregation_strategy: 'first', signal });
    const { length: count, meta } = entities;
    return {
      ...count ? { verdict: `${count} ${count === 1 ? 'entity' : 'entities'}` } : { remark: 'No entities found.' },
      bars: entities.map(({ entity_group: note, score, start, end }) => ({ label: text.slice(start, end), note, score })),
      marked: { text, marks: entities.map(({ entity_group: label, start, end }) => ({ start, end, label })) },
      meta,
    };
  },

  async 'question-answering'(ask, { text, second, signal }) {
    const answers = await ask(second, text, { top_k: ANSWERS, handle_impossible_answer: true, signal });
    const [{ answer, start, end }] = answers;
    return {
      ...answer ? { verdict: answer } : { remark: 'The text does not answer this.' },
      // As in Python, scores of the same words in several windows add up, beyond one even.
      bars: answers.map(({ answer, score }) => ({ label: answer || 'No answer', score: Math.min(score, 1) })),
      marked: { text, marks: answer ? [{ start, end, label: 'answer' }] : [] },
      meta: answers.meta,
    };
  },

  async 'fill-mask'(fill, { text, signal }) {
    const { mask_token = '' } = fill.tokenizer;
    const result = await fill(text, { top_k: WORDS, signal });
    const gaps = /** @type {FilledMask[][]} */ (Array.isArray(result[0]) ? result : [result]);
    const best = gaps.map(([{ token_str }]) => token_str.trim());
    return {
      verdict: list(best, WORDS),
      bars: gaps.flatMap((words, gap) => words.map(({ token_str, score }) =>
        ({ label: token_str.trim(), note: gaps.length > 1 ? `gap ${gap + 1}` : '', score }))),
      marked: filled(text.split(mask_token), best, mask_token),
      meta: result.meta,
    };
  },

  async 'text-ranking'(rank, { text, second, signal }) {
    const documents = linesOf(second);
    // By default some models leave logits as they are, but a bar has two ends.
    const ranked = await rank(text, documents, { activation_fn: 'sigmoid', signal });
    return { bars: ranked.map(({ corpus_id, score }) => ({ label: documents[corpus_id], score })), meta: ranked.meta };
  },

  async 'multiple-choice'(choose, { text, second, signal }) {
    const choices = await choose(text, linesOf(second), { signal });
    return { bars: choices.map(({ choice, score }) => ({ label: choice, score })), meta: choices.meta };
  },

  async 'feature-extraction'(embed, { text, second, signal }) {
    const others = linesOf(second);
    const texts = [text, ...others];
    let vectors = await embed(texts, { normalize: true, signal });
    // A model that says nothing of pooling gives the vectors of all tokens.
    if (vectors.dims.length > 2) vectors = await embed(texts, { pooling: 'mean', normalize: true, signal });
    const [first, ...rest] = /** @type {number[][]} */ (vectors.tolist());
    const bars = rest.map((vector, place) => ({ label: others[place], score: dot(first, vector) }));
    return { bars: bars.sort((one, other) => other.score - one.score), meta: vectors.meta };
  },
};

/**
 * What a model of any task makes of them.
 * @param {Loaded<TaskName>} model
 * @param {Texts} texts
 * @returns {Promise<Outcome & {meta: Meta}>}
 */
export function outcomeOf(model, texts) {
  return /** @type {Record<TaskName, Function>} */ (OUTCOMES)[model.task](model, texts);
}

/** @param {string} field @returns {string[]} its lines, without empty ones */
function linesOf(field) {
  return field.split('\n').map((line) => line.trim()).filter(Boolean);
}

/**
 * A text with the words in its gaps, and where they stand. Of a text that was cut, the last gaps stay.
 * @param {string[]} parts what stands around the gaps
 * @param {string[]} words
 * @param {string} mask
 */
function filled([text, ...parts], words, mask) {
  const marks = [];
  for (const [place, part] of parts.entries()) {
    const word = words[place];
    if (word !== undefined) marks.push({ start: text.length, end: text.length + word.length, label: '' });
    text += (word ?? mask) + part;
  }
  return { text, marks };
}

/** @param {number[]} one @param {number[]} other */
function dot(one, other) {
  return one.reduce((sum, number, place) => sum + number * other[place], 0);
}
