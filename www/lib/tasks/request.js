/**
 * From the arguments of a call to what the engine is asked, and from its answers to the result: the parts that
 * tasks share. A task is a function from arguments to a `Request`; see `index.js`.
 */

import { PRIORITIES } from '../base/calls.js';
import { abortSignal, count, ofType, oneOf } from '../base/rules.js';
import { HeadwiseError } from '../errors.js';

/**
 * @typedef {object} Request
 * @property {(string | object)[]} inputs as the engine reads them
 * @property {CallOptions & {[option: string]: unknown}} options checked
 * @property {(results: any[]) => object} shape makes the result of a call of those of its inputs
 */

/**
 * A rule for one of some words in any case of letters, as Python's pipelines take the names of what they count up.
 * @param {...string} words
 * @returns {import('../base/rules.js').Rule}
 */
export const inAnyCase = (...words) => ({
  supported: words,
  accepts: (value) => typeof value === 'string' && words.includes(value.toLowerCase()),
});

/**
 * What a tokenizer is told of a text: whether and to how many tokens it is cut. Nothing is padded.
 * @typedef {{truncation?: boolean, max_length?: number, padding?: boolean}} TokenizerKwargs
 */

/**
 * What every call takes, beside what its task does.
 * @typedef {object} CallOptions
 * @property {number} [batch_size] changes nothing: each text is computed without padding
 * @property {AbortSignal | null} [signal] aborts this call
 * @property {import('../base/calls.js').Priority} [priority] a more urgent call overtakes others, also in the middle of
 *   them; `'user-visible'` by default
 * @property {((event: import('../base/calls.js').CallProgress) => void) | null} [progress_callback] told how far it is
 */

/** @type {import('../base/rules.js').Rules<CallOptions>} */
export const callRules = {
  batch_size: count,
  signal: abortSignal,
  priority: oneOf(...PRIORITIES),
  progress_callback: ofType('function'),
};

/**
 * How a call went: milliseconds of computation, the build that ran, and how each input was read. Not
 * enumerable, so that results print and compare as plain arrays and objects.
 * @typedef {{readonly meta: {ms: number, variant: import('../runtime/variants.js').Variant,
 *   inputs: import('../runtime/glue.js').InputInfo[]}}} WithMeta
 */

/**
 * Where inputs come from, one after the other.
 * @template Input
 * @typedef {Iterable<Input> | AsyncIterable<Input> | ReadableStream<Input>} Source
 */

/**
 * A result for each input, in their order, as a call with all of them has it; or the error of one that has none.
 * @template Result
 * @typedef {AsyncGenerator<{index: number, result: Result, error?: undefined}
 *   | {index: number, result?: undefined, error: HeadwiseError}, void>} Results
 */

/**
 * A call with one input or several, whose result is that of the one, or an array.
 * @template Input, Options, Result
 * @typedef {{
 *   (input: Input, options?: Options): Promise<Result & WithMeta>,
 *   (inputs: readonly Input[], options?: Options): Promise<Result[] & WithMeta>,
 *   (input: Input | readonly Input[], options?: Options): Promise<(Result | Result[]) & WithMeta>,
 *   stream(source: Source<Input>, options?: Options): Results<Result>,
 * }} OneOrMore
 */

/**
 * The inputs of a call, read one by one, and how results become those of one input or of several.
 * @template Input
 * @param {unknown} given
 * @param {(input: unknown) => Input} read
 * @returns {{inputs: Input[], several: boolean, shape: (results: any[]) => any}}
 */
export function oneOrMore(given, read) {
  const several = Array.isArray(given);
  const inputs = several ? given.map((input, place) => readAt(place, input, read)) : [read(given)];
  return { inputs, several, shape: (results) => (several ? results : results[0]) };
}

/**
 * One of several inputs; the error of one that cannot be read says which it is, as those of the engine do.
 * @template Input
 * @param {number} place
 * @param {unknown} input
 * @param {(input: unknown) => Input} read
 */
function readAt(place, input, read) {
  try {
    return read(input);
  } catch (error) {
    const { code, message, details } = /** @type {HeadwiseError} */ (error);
    throw new HeadwiseError(code, `Input ${place}: ${message}`, { input: place, ...details });
  }
}

/** An input that is a text and nothing else. @param {unknown} input @returns {string} */
export function readText(input) {
  if (typeof input === 'string') return input;
  throw badInput('An input is a string; several are given as an array.', 'a string', 'an array of strings');
}

/** The id of a token. @param {unknown} id @param {string} name what it is in */
export function readId(id, name) {
  const number = typeof id === 'bigint' ? Number(id) : id;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 32) return number;
  throw badInput(`${name} has to hold whole numbers from 0 on.`, 'whole numbers from 0 on');
}

/**
 * @template {string} Key
 * @param {unknown} input
 * @param {Key[]} keys
 * @returns {Record<Key, unknown> | undefined} the input, if it is an object with these keys at most
 */
export function objectOf(input, keys) {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const known = Object.keys(input).every((key) => keys.includes(/** @type {Key} */ (key)));
  return known ? /** @type {Record<Key, unknown>} */ (input) : undefined;
}

/**
 * The error of an input of the wrong form.
 * @param {string} message
 * @param {...string} supported
 */
export function badInput(message, ...supported) {
  return new HeadwiseError('input', message, { supported });
}
