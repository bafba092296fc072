/**
 * Every task on many real texts in Chromium, in one call of the public interface: tokens a second, and where the time
 * goes. Prints a table, then one line of JSON.
 *
 *   node benches/tasks.mjs FOLDER TEXTS [DTYPE]    FOLDER: of a model inside the checkout; TEXTS: one a line
 *
 * - **apart**: what the first inputs take when each has a call of its own, beside what they take together.
 * - **tokenizer**: the time that its work takes by itself, as a share of the call's. It is all that running ahead of
 *   the model in a thread of its own could save.
 * - **kernels**: products, attention, normalisation and activations. **rest**: embeddings, the head, copies, results.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../tests/e2e/harness.mjs';
import { machine, withBlankPage } from './page.mjs';

/** Labels, options of an exam, and whatever else there are several of. */
const LABELS = ['praise', 'blame', 'a question', 'news'];

const QUESTION = 'Who did what to whom?';

/**
 * @typedef {object} Work
 * @property {string} task
 * @property {unknown[]} many       arguments of the call with all inputs
 * @property {unknown[]} few        of one with the first
 * @property {unknown[][]} singles  of one call for each of these
 * @property {string[]} read        texts that the tokenizer reads in the first call
 */

/** Inputs that are also given one by one. */
const FEW = 48;

/**
 * @param {string[]} texts
 * @param {string} mask  the tokenizer's token for a gap
 * @returns {Work[]}
 */
function works(texts, mask) {
  /**
   * @param {string} task
   * @param {(text: string) => unknown} input
   * @param {(text: string) => string[]} [read]
   * @param {...unknown} rest further arguments
   * @returns {Work}
   */
  const of = (task, input, read = (text) => [text], ...rest) => {
    const inputs = texts.map(input);
    return {
      task,
      many: [inputs, ...rest],
      few: [inputs.slice(0, FEW), ...rest],
      singles: inputs.slice(0, FEW).map((input) => [input, ...rest]),
      read: texts.flatMap(read),
    };
  };
  const [query, ...documents] = texts;
  const same = (/** @type {string} */ text) => text;
  const pairs = (/** @type {string} */ text) => LABELS.flatMap((label) => [text, `This example is ${label}.`]);
  return [
    of('text-classification', same),
    of('zero-shot-classification', same, pairs, LABELS),
    of('token-classification', same, undefined, { aggregation_strategy: 'simple' }),
    of('question-answering', (context) => ({ question: QUESTION, context }), (context) => [QUESTION, context]),
    of('fill-mask', (text) => `${text} ${mask}`),
    of('feature-extraction', same, undefined, { pooling: 'mean' }),
    of('multiple-choice', (prompt) => ({ prompt, choices: LABELS }), pairs),
    {
      task: 'text-ranking',
      many: [query, documents],
      few: [query, documents.slice(0, FEW)],
      singles: documents.slice(0, FEW).map((document) => [query, [document]]),
      read: documents.flatMap((document) => [query, document]),
    },
  ];
}

const [given, list, dtype = 'fp32'] = process.argv.slice(2);
const folder = given && path.relative(ROOT, path.resolve(given));
const has = (/** @type {string} */ name) => existsSync(`${ROOT}${folder}/${name}`);
if (!list || !folder || folder.startsWith('..') || !has('model.safetensors') || !has('tokenizer.json')) {
  console.error('tasks: give a folder inside the checkout, with model.safetensors and tokenizer.json, and a file of '
    + 'texts, one a line');
  process.exit(1);
}
const texts = readFileSync(list, 'utf8').split('\n').filter((line) => line.trim());
/** @type {{content: string}[]} */
const added = JSON.parse(readFileSync(`${ROOT}${folder}/tokenizer.json`, 'utf8')).added_tokens;
const mask = added.find(({ content }) => /mask/i.test(content))?.content ?? '';

const about = machine();
const rows = [];
for (const work of works(texts, mask)) {
  const measured = await withBlankPage((page, url) => page.evaluate(async ([url, folder, dtype, work]) => {
    /** @type {typeof import('./measure.mjs')} */
    const { bulk } = await import(`${url}benches/measure.mjs`);
    return bulk(`${url}target/bench/relaxed/headwise.js`, `${url}${folder}/`, dtype, work);
  }, /** @type {const} */ ([url, folder, /** @type {'fp32' | 'fp16' | 'q8'} */ (dtype), work])));
  rows.push({ task: work.task, ...measured });
}
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`;
console.log(`${folder}, ${dtype}, ${texts.length} texts in one call\n${about}`);
console.table(rows.map(({ task, tokens, ms, apart, tokenizer, kernels }) => ({
  task,
  tokens,
  seconds: Number((ms / 1000).toFixed(1)),
  'texts/s': Number(((1000 * texts.length) / ms).toFixed(1)),
  'tokens/s': Math.round((1000 * tokens) / ms),
  apart: Number(apart.toFixed(2)),
  tokenizer: percent(tokenizer),
  kernels: percent(kernels),
  rest: percent(1 - tokenizer - kernels),
})));
console.log(JSON.stringify({ machine: about, folder, dtype, rows }));
