/**
 * A tokenizer by itself: texts to token ids as a model takes them, and back.
 */

import { abortSignal, anyOf, check, count, flag, oneOf, text, texts } from './base/rules.js';
import { disposable, open } from './engine/open.js';
import { HeadwiseError } from './errors.js';
import { badInput, oneOrMore, readId, readText } from './tasks/request.js';
import { Tensor } from './tensor.js';

/**
 * @typedef {object} TokenizerOptions
 * @property {string | readonly string[] | null} [text_pair] second texts, one for each first
 * @property {boolean | 'longest' | 'max_length'} [padding] fill up rows to the longest, or to `max_length`
 * @property {boolean | import('./runtime/glue.js').Truncation} [truncation] cut what is longer than `max_length`; of a pair
 *   the longer text, if nothing else is said. As in Python, `max_length` alone cuts too, unless there is `padding`
 * @property {number | null} [max_length] `model_max_length` by default
 * @property {boolean} [add_special_tokens] `true` by default
 * @property {boolean} [return_token_type_ids] by default where the model reads them
 * @property {boolean} [return_tensor] tensors (default), or arrays: of one text flat, of several nested, with rows that may
 *   differ in length
 * @property {AbortSignal | null} [signal] aborts this call
 */

/**
 * Rows `[texts, length]`, as models take them.
 * @typedef {{input_ids: Tensor<'int64'>, attention_mask: Tensor<'int64'>, token_type_ids?: Tensor<'int64'>}} Encoding
 */

/**
 * The same as arrays: of one text `number[]`, of several `number[][]`.
 * @template {string | readonly string[]} [Given=readonly string[]]
 * @template [Ids=Given extends string ? number[] : number[][]]
 * @typedef {{input_ids: Ids, attention_mask: Ids, token_type_ids?: Ids}} EncodingLists
 */

/** Ids of one sequence. @typedef {Tensor<'int64'> | readonly (number | bigint)[]} SequenceIds */

/** @typedef {{skip_special_tokens?: boolean, signal?: AbortSignal | null}} DecodeOptions */

/**
 * A loaded tokenizer; special tokens that it lacks are `null`.
 * @typedef {{
 *   <Given extends string | readonly string[]>(text: Given, options: TokenizerOptions & {return_tensor: false}):
 *     Promise<EncodingLists<Given>>,
 *   (text: string | readonly string[], options?: TokenizerOptions): Promise<Encoding>,
 * } & import('./engine/open.js').Disposable & Readonly<{
 *   decode(ids: number | bigint | readonly (number | bigint)[], options?: DecodeOptions): Promise<string>,
 *   decode(ids: readonly SequenceIds[], options?: DecodeOptions): Promise<string[]>,
 *   decode(ids: Tensor<'int64'>, options?: DecodeOptions): Promise<string | string[]>,
 *   batch_decode(ids: Tensor<'int64'> | readonly SequenceIds[], options?: DecodeOptions): Promise<string[]>,
 *   get_vocab(): Promise<Map<string, number>>,
 *   model_max_length: number,
 *   padding_side: 'left' | 'right',
 *   cls_token: string | null, cls_token_id: number | null,
 *   mask_token: string | null, mask_token_id: number | null,
 *   pad_token: string | null, pad_token_id: number | null,
 *   sep_token: string | null, sep_token_id: number | null,
 *   unk_token: string | null, unk_token_id: number | null,
 * }>} Tokenizer
 */

/** @type {import('./base/rules.js').Rules<TokenizerOptions>} */
const rules = {
  text_pair: anyOf(text, texts),
  padding: oneOf(true, false, 'longest', 'max_length'),
  truncation: oneOf(true, false, 'longest_first', 'only_first', 'only_second'),
  max_length: count,
  add_special_tokens: flag,
  return_token_type_ids: flag,
  return_tensor: flag,
  signal: abortSignal,
};

/** @type {import('./base/rules.js').Rules<DecodeOptions>} */
const decodeRules = { skip_special_tokens: flag, signal: abortSignal };

/**
 * Loads a tokenizer.
 * @param {import('./host.js').Host} host
 * @param {import('./engine/open.js').ModelReference} model
 * @param {import('./options.js').GivenLoadOptions} options
 * @returns {Promise<Tokenizer>}
 */
export async function tokenizerOn(host, model, options) {
  const client = await open(host, { part: 'tokenizer' }, model, options);
  /** @type {{info: import('./runtime/glue.js').TokenizerInfo}} */
  const { info } = client;
  const { model_max_length, padding_side, special } = info;

  /** @param {string | readonly string[]} given @param {TokenizerOptions} [callOptions] */
  async function tokenize(given, callOptions = {}) {
    const { text_pair, padding, signal, return_tensor, return_token_type_ids, ...settings } = check(callOptions, rules);
    const { truncation = settings.max_length != null && !padding } = settings;
    // As in Python, an empty string by itself is no second text, but in an array it is one.
    const pairs = text_pair === '' && !info.empty_pairs ? null : text_pair;
    const rows = await client.request('encode', {
      inputs: readInputs(given, pairs),
      options: { ...settings, truncation: truncation === true ? 'longest_first' : truncation },
    }, { signals: [signal] });
    const columns = pad(rows, padding, settings.max_length ?? model_max_length, info);
    if (!(return_token_type_ids ?? info.token_type_ids)) delete columns.token_type_ids;
    // As in Python, one text has no rows.
    const formOf = return_tensor !== false ? tensorOf
      : (/** @type {number[][]} */ lists) => (Array.isArray(given) ? lists : lists[0]);
    return Object.fromEntries(Object.entries(columns).map(([name, lists]) => [name, formOf(lists)]));
  }

  /** @param {unknown} ids @param {DecodeOptions} [callOptions] @returns {Promise<string[]>} */
  async function batch_decode(ids, callOptions = {}) {
    const { skip_special_tokens = false, signal } = check(callOptions, decodeRules);
    const lists = listsOf(ids);
    const sequences = (isNested(lists) || lists.length === 0 ? lists : [lists]).map(readIds);
    return client.request('decode', { sequences, skip_special_tokens }, { signals: [signal] });
  }

  /** A text for one sequence, texts for several, as in Python. @param {unknown} ids @param {DecodeOptions} [callOptions] */
  async function decode(ids, callOptions) {
    const lists = listsOf(typeof ids === 'number' || typeof ids === 'bigint' ? [ids] : ids);
    return isNested(lists) ? batch_decode(lists, callOptions) : (await batch_decode([lists], callOptions))[0];
  }

  /** The ids of all tokens. */
  async function get_vocab() {
    /** @type {string[]} */
    const tokens = await client.request('vocabulary', {});
    // This leaves out ids without a token.
    return new Map(tokens.flatMap((token, id) => [[token, id]]));
  }

  const tokens = Object.entries(special).flatMap(([role, token]) =>
    [[`${role}_token`, token?.token ?? null], [`${role}_token_id`, token?.id ?? null]]);
  return /** @type {any} */ (disposable(client, tokenize, {
    batch_decode, decode, get_vocab, padding_side, model_max_length: model_max_length ?? Infinity, ...Object.fromEntries(tokens),
  }));
}

/**
 * Texts with their second texts, as the engine reads them.
 * @param {unknown} given
 * @param {TokenizerOptions['text_pair']} pairs
 */
function readInputs(given, pairs) {
  const { inputs: first } = oneOrMore(given, readText);
  if (pairs == null) return first.map((one) => ({ text: one }));
  const second = Array.isArray(given) === Array.isArray(pairs) ? [pairs].flat() : [];
  if (second.length !== first.length) {
    throw badInput('There has to be one text_pair for each text.', 'two strings', 'two arrays of the same length');
  }
  return first.map((one, place) => ({ text: one, text_pair: second[place] }));
}

/**
 * Rows to columns of one length.
 * @param {{input_ids: number[], token_type_ids: number[]}[]} rows
 * @param {TokenizerOptions['padding']} padding
 * @param {number | null} max_length
 * @param {import('./runtime/glue.js').TokenizerInfo} info
 * @returns {EncodingLists}
 */
function pad(rows, padding, max_length, { special, padding_side }) {
  if (padding && !special.pad) {
    throw new HeadwiseError('option', 'This tokenizer has no token for padding. Supported: padding: false.',
      { option: 'padding', supported: ['false'] });
  }
  if (padding === 'max_length' && max_length === null) {
    throw new HeadwiseError('option', 'This tokenizer knows no limit: padding: \'max_length\' needs max_length.',
      { option: 'max_length', supported: ['a positive integer'] });
  }
  const longest = Math.max(0, ...rows.map(({ input_ids }) => input_ids.length));
  const length = !padding ? 0 : padding === 'max_length' ? max_length ?? 0 : longest;
  /** @param {number[]} row @param {number} filling */
  const fill = (row, filling) => {
    const missing = Array(Math.max(0, length - row.length)).fill(filling);
    return padding_side === 'left' ? [...missing, ...row] : [...row, ...missing];
  };
  return {
    input_ids: rows.map(({ input_ids }) => fill(input_ids, special.pad?.id ?? 0)),
    attention_mask: rows.map(({ input_ids }) => fill(input_ids.map(() => 1), 0)),
    token_type_ids: rows.map(({ token_type_ids }) => fill(token_type_ids, 0)),
  };
}

/** @param {number[][]} rows */
function tensorOf(rows) {
  const length = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== length)) {
    throw badInput('The texts have different numbers of tokens, which make no tensor.', 'padding: true', 'return_tensor: false');
  }
  return new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, length]);
}

/** @param {unknown} ids @returns {unknown[]} */
function listsOf(ids) {
  const lists = ids instanceof Tensor ? ids.tolist() : ids;
  if (!Array.isArray(lists)) throw badInput('Ids are a tensor or an array.', 'a tensor', 'an array');
  return lists;
}

/** Whether they are of several sequences. @param {unknown[]} lists */
function isNested([first]) {
  return Array.isArray(first) || first instanceof Tensor;
}

/** @param {unknown} ids */
function readIds(ids) {
  const list = ids instanceof Tensor ? Array.from(ids.data) : ids;
  if (!Array.isArray(list)) throw badInput('Ids of a sequence are a tensor or an array of numbers.', 'a tensor', 'an array');
  return Uint32Array.from(list, (id) => readId(id, 'ids'));
}
