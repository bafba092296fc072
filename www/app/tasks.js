/**
 * The tasks in words: what each is called, what its fields hold, which models the page proposes, how results are read.
 * What is done with the fields is in `outcomes.js`, texts to begin with are in `examples.js`.
 */

import { readingOf } from './results.js';

/** @typedef {import('../lib/index.js').TaskName} TaskName */
/** @typedef {import('./results.js').Reading} Reading */

/**
 * The pipeline of a task, or of any.
 * @template {TaskName} [T=TaskName]
 * @typedef {import('../lib/index.js').Pipeline<T>} Loaded
 */

/**
 * A field: what it is called, what may stand in it, what is said while it is empty, and how many lines it has at least.
 * @typedef {{label: string, placeholder: string, missing: string, rows?: number}} Field
 */

/**
 * @typedef {object} TaskWords
 * @property {string} name
 * @property {string} about what comes out, in a sentence
 * @property {string} done what happens while someone types: "Classified as you type"
 * @property {RegExp} heads the classes with the head for it, as `config.json` names them
 * @property {string[]} models ids on the Hub
 * @property {Field} text
 * @property {Field} [second] a text, or several with one on each line
 * @property {Reading | ((model: Loaded['model']) => Reading)} reading how the scores of a model are read
 * @property {boolean} [wide] labels are sentences, so they stand above their bars
 */

/** The task of the shipped model. @type {TaskName} */
export const FIRST_TASK = 'text-classification';

const SEQUENCE_HEAD = /ForSequenceClassification$/;

/** @type {Record<TaskName, TaskWords>} */
export const TASKS = {
  'text-classification': {
    name: 'Text classification',
    about: 'The labels that a model was trained for.',
    done: 'Classified',
    heads: SEQUENCE_HEAD,
    models: [
      'distilbert/distilbert-base-uncased-finetuned-sst-2-english', 'SamLowe/roberta-base-go_emotions',
      'j-hartmann/emotion-english-distilroberta-base', 'cardiffnlp/twitter-roberta-base-sentiment-latest',
      'lxyuan/distilbert-base-multilingual-cased-sentiments-student', 'unitary/toxic-bert',
    ],
    text: { label: 'Your text', placeholder: 'Write something in English', missing: 'Write something to classify.' },
    reading: readingOf,
  },
  'zero-shot-classification': {
    name: 'Zero-shot classification',
    about: 'Labels of your own, judged by a model of natural language inference.',
    done: 'Classified',
    heads: SEQUENCE_HEAD,
    models: ['MoritzLaurer/deberta-v3-base-zeroshot-v2.0', 'facebook/bart-large-mnli'],
    text: { label: 'Your text', placeholder: 'Write something', missing: 'Write something to classify.' },
    second: { label: 'Labels, one a line', placeholder: 'travel', missing: 'Write at least one label.', rows: 4 },
    reading: 'choice',
  },
  'token-classification': {
    name: 'Token classification',
    about: 'Names, places and other entities, marked in the text.',
    done: 'Marked',
    heads: /ForTokenClassification$/,
    models: ['dslim/bert-base-NER'],
    text: { label: 'Your text', placeholder: 'Write about people and places', missing: 'Write something with names in it.' },
    reading: 'list',
    wide: true,
  },
  'question-answering': {
    name: 'Question answering',
    about: 'The part of a text that answers a question.',
    done: 'Answered',
    heads: /ForQuestionAnswering$/,
    models: ['deepset/roberta-base-squad2', 'distilbert/distilbert-base-cased-distilled-squad'],
    text: { label: 'Your text', placeholder: 'What holds the answer', missing: 'Write the text that holds the answer.' },
    second: { label: 'Question', placeholder: 'Who, what, when, where, why?', missing: 'Ask a question about the text.' },
    reading: 'choice',
    wide: true,
  },
  'fill-mask': {
    name: 'Fill-mask',
    about: 'Words for the gaps in a text.',
    done: 'Filled in',
    heads: /For(MaskedLM|PreTraining)$/,
    models: ['FacebookAI/roberta-base', 'google-bert/bert-base-uncased', 'answerdotai/ModernBERT-base'],
    text: { label: 'Your text', placeholder: 'Write something with a gap', missing: 'Write something with a gap.' },
    reading: 'list',
  },
  'text-ranking': {
    name: 'Text ranking',
    about: 'Documents by how well they answer a query.',
    done: 'Ranked',
    heads: SEQUENCE_HEAD,
    models: ['cross-encoder/ms-marco-MiniLM-L6-v2', 'BAAI/bge-reranker-base'],
    text: { label: 'Query', placeholder: 'What is looked for', missing: 'Write what is looked for.' },
    second: { label: 'Documents, one a line', placeholder: 'A text', missing: 'Write at least one document.', rows: 4 },
    reading: 'choice',
    wide: true,
  },
  'multiple-choice': {
    name: 'Multiple choice',
    about: 'The best of several ways in which a text may go on.',
    done: 'Chosen',
    heads: /ForMultipleChoice$/,
    models: [],
    text: { label: 'Your text', placeholder: 'How it begins, or a question', missing: 'Write how it begins, or a question.' },
    second: { label: 'Choices, one a line', placeholder: 'An ending, or an answer', missing: 'Write at least one choice.', rows: 4 },
    reading: 'choice',
    wide: true,
  },
  'feature-extraction': {
    name: 'Sentence similarity',
    about: 'How close texts are in meaning: the cosine of their embeddings.',
    done: 'Compared',
    // Every encoder has hidden vectors, whatever its head; the last in the table, for those that have none.
    heads: /Model$|For/,
    models: ['sentence-transformers/all-MiniLM-L6-v2', 'BAAI/bge-small-en-v1.5'],
    text: { label: 'Your text', placeholder: 'Write a sentence', missing: 'Write a sentence.' },
    second: { label: 'Compared with, one a line', placeholder: 'Another sentence', missing: 'Write at least one other sentence.', rows: 4 },
    reading: 'cosine',
    wide: true,
  },
};

const NAMES = /** @type {TaskName[]} */ (Object.keys(TASKS));

/** @param {string | null} name @returns {name is TaskName} */
export function isTask(name) {
  return name !== null && Object.hasOwn(TASKS, name);
}

/**
 * The task for a model of these classes: the chosen one, unless they have another head.
 * @param {string[]} classes
 * @param {TaskName} chosen
 */
export function taskFor(classes, chosen) {
  /** @param {TaskName} name */
  const fits = (name) => classes.some((one) => TASKS[name].heads.test(one));
  return fits(chosen) ? chosen : NAMES.find(fits) ?? chosen;
}
