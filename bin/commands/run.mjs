/** `headwise run`: a task on texts, an answer a line, in the shape of the native command's. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { HeadwiseError } from '../../www/lib/errors.js';
import { pipeline } from '../../www/lib/node.js';
import { taskOf } from '../../www/lib/tasks/index.js';
import { Tensor } from '../../www/lib/tensor.js';
import { HUB, modelOf, printJson } from '../model.mjs';

export const summary = 'Do a task on texts; print a line of JSON for each';
export const more = 'Without TEXTs, or with -, the texts are the lines of standard input. A line is {"result", "tokens", '
  + '"truncated"} or {"error"}. Inputs that are no plain text, such as those of question-answering, are JSON.';
export const places = ['TASK', 'MODEL', 'TEXTS…'];
export const needed = 2;
export const options = /** @type {const} */ ({
  ...HUB,
  file: { type: 'string', help: 'a file of texts, one a line' },
  options: { type: 'string', help: 'options of the task as a JSON object, such as {"top_k": null}' },
  dtype: { type: 'string', help: 'fp32, fp16, q8 or auto (auto)' },
  'json-input': { type: 'boolean', help: 'each text is a JSON value' },
});

/** Texts computed together: enough to share the work, few enough to answer soon. */
const TOGETHER = 32;

/** Tasks whose input is several things, as their calls take them. @type {Record<string, (pipe: any, input: any, options: any) => Promise<any>>} */
const CALLS = {
  'question-answering': (pipe, { question, context }, options) => pipe(question, context, options),
  'multiple-choice': (pipe, { prompt, choices }, options) => pipe(prompt, choices, options),
  'text-ranking': (pipe, { query, documents }, options) => pipe(query, documents, options),
  'zero-shot-classification': (pipe, input, { candidate_labels, ...options }) => pipe(input, candidate_labels, options),
};

/** Tasks whose plain text is no input. */
const STRUCTURED = ['question-answering', 'multiple-choice', 'text-ranking'];

/** @param {any} given @param {string[]} places */
export async function run({ file, options: asked = '{}', 'json-input': isJson, json, ...load }, [name, model, ...texts]) {
  const task = taskOf(/** @type {any} */ (name));
  const options = parse(asked, 'option', '--options');
  const pipe = await pipeline(task, modelOf(model), load);
  const read = isJson || STRUCTURED.includes(task) ? (/** @type {string} */ line) => parse(line, 'input', 'the line') : (/** @type {string} */ line) => line;
  let failed = 0;
  for await (const lines of together(linesOf(texts, file))) {
    for (const answer of await answers(pipe, task, lines, read, options)) {
      failed += 'error' in answer ? 1 : 0;
      printJson(answer);
    }
  }
  await pipe.dispose();
  return failed === 0;
}

/**
 * An answer to each line; what is wrong with one is no matter to the others.
 * @param {any} pipe
 * @param {string} task
 * @param {string[]} lines
 * @param {(line: string) => unknown} read
 * @param {any} options
 */
async function answers(pipe, task, lines, read, options) {
  /** @param {string} line */
  const alone = async (line) => {
    try {
      const input = read(line);
      const result = await (CALLS[task]?.(pipe, input, options) ?? pipe([input], options));
      const only = task in CALLS ? result : (result instanceof Tensor ? result.tolist() : result)[0];
      return answerOf(only, result.meta.inputs[0]);
    } catch (error) {
      const { code = 'crashed', message } = /** @type {HeadwiseError} */ (error);
      return { error: { code, message } };
    }
  };
  if (task in CALLS || task === 'feature-extraction') return Promise.all(lines.map(alone));
  try {
    const results = await pipe(lines.map(read), options);
    return lines.map((_, index) => answerOf(results[index], results.meta.inputs[index]));
  } catch {
    return Promise.all(lines.map(alone));
  }
}

/** @param {unknown} result @param {{tokens?: number, truncated?: boolean}} [about] */
function answerOf(result, { tokens, truncated } = {}) {
  return { result, tokens, truncated };
}

/** @param {string} text @param {import('../../www/lib/errors.js').ErrorCode} code @param {string} what */
function parse(text, code, what) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HeadwiseError(code, `${what} is no JSON: ${/** @type {Error} */ (cause).message}`, {}, { cause });
  }
}

/** @param {string[]} texts @param {string} [file] */
async function* linesOf(texts, file) {
  if (texts.length > 0 && texts[0] !== '-') yield* texts;
  else yield* createInterface({ input: file === undefined ? process.stdin : createReadStream(file), crlfDelay: Infinity });
}

/** @param {AsyncIterable<string>} lines */
async function* together(lines) {
  /** @type {string[]} */
  let some = [];
  for await (const line of lines) {
    some.push(line);
    if (some.length < TOGETHER) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
