/**
 * A model by itself: rows of token ids to raw outputs, which are tensors under the names of `transformers`.
 */

import { abortSignal, check, flag } from './base/rules.js';
import { badInput, objectOf, readId } from './tasks/request.js';
import { Tensor } from './tensor.js';

/**
 * Token ids `[rows, length]`; of a multiple choice `[questions, choices, length]`.
 * @typedef {Tensor<'int64'> | readonly any[]} Ids
 */

/**
 * What a tokenizer gives. Where the mask is 0 there is padding, which is not computed; without it there is none.
 * @typedef {{input_ids: Ids, attention_mask?: Ids, token_type_ids?: Ids}} ModelInputs
 */

/**
 * @typedef {object} ForwardOptions
 * @property {boolean} [output_hidden_states] whether the hidden vectors of every layer are given
 * @property {boolean} [output_attentions] whether the attention probabilities of every layer are given
 * @property {AbortSignal | null} [signal] aborts this call
 */

/**
 * Of each layer; of an encoder and decoder the names begin with `encoder_`, `decoder_` and `cross_`.
 * @typedef {{hidden_states?: Tensor[], attentions?: Tensor[]}} LayerOutputs
 */

/**
 * @template Output
 * @typedef {(inputs: ModelInputs, options?: ForwardOptions) => Promise<Output & LayerOutputs>} Forward
 */

/** @type {import('./base/rules.js').Rules<ForwardOptions>} */
const rules = { output_hidden_states: flag, output_attentions: flag, signal: abortSignal };

/**
 * The call of a model that an engine has loaded.
 * @param {Pick<import('./engine/session.js').User, 'request'>} client
 */
export function forwardOf(client) {
  return async (/** @type {ModelInputs} */ inputs, /** @type {ForwardOptions} */ options = {}) => {
    const { signal, ...settings } = check(options, rules);
    const outputs = await client.request('forward', { rows: rowsOf(inputs), options: settings }, { signals: [signal] });
    return Object.fromEntries(Object.entries(outputs).map(([name, output]) =>
      [name, Array.isArray(output) ? output.map(tensorOf) : tensorOf(output)]));
  };
}

/** @param {import('./runtime/glue.js').Numbers} numbers */
function tensorOf({ dims, data }) {
  return new Tensor('float32', data, dims);
}

/**
 * The inputs as the engine reads them.
 * @param {ModelInputs} inputs
 * @returns {import('./runtime/glue.js').ModelRows}
 */
function rowsOf(inputs) {
  const given = objectOf(inputs, ['input_ids', 'attention_mask', 'token_type_ids']);
  if (!given) throw refuse('Inputs are an object {input_ids, attention_mask, token_type_ids}');
  const { input_ids, attention_mask, token_type_ids } = given;
  const ids = listsOf(input_ids, 'input_ids');
  const { length, choices } = ids;
  if (length === 0) throw refuse('input_ids holds no ids');
  /** @param {unknown} others @param {string} name */
  const alike = (others, name) => {
    const lists = listsOf(others, name);
    const same = lists.choices === choices && lists.rows.length === ids.rows.length
      && lists.rows.every((row, place) => row.length === ids.rows[place].length);
    if (!same) throw refuse(`${name} has another shape than input_ids`);
    return flatten(lists.rows, length);
  };
  // Of rows that differ in length the shorter ones are padded, which the mask has to say.
  const ragged = ids.rows.some((row) => row.length < length);
  const ones = ragged ? ids.rows.map((row) => row.map(() => 1)) : undefined;
  const mask = attention_mask === undefined ? ones && flatten(ones, length) : alike(attention_mask, 'attention_mask');
  return {
    length,
    choices,
    input_ids: flatten(ids.rows, length),
    ...mask && { attention_mask: mask },
    ...token_type_ids !== undefined && { token_type_ids: alike(token_type_ids, 'token_type_ids') },
  };
}

/**
 * Rows of ids, the length of the longest, and how many of them belong together.
 * @param {unknown} ids
 * @param {string} name
 * @returns {{rows: number[][], length: number, choices: number}}
 */
function listsOf(ids, name) {
  const lists = ids instanceof Tensor ? ids.tolist() : ids;
  if (!Array.isArray(lists) || !lists.every(Array.isArray)) throw refuse(`${name} has to be [rows, length]`);
  const nested = lists.length > 0 && lists.every((list) => list.every(Array.isArray));
  const choices = nested ? lists[0].length : 1;
  if (nested && lists.some((list) => list.length !== choices)) throw refuse(`${name} differs in its number of choices`);
  /** @type {unknown[][]} */
  const rows = nested ? lists.flat() : lists;
  return {
    rows: rows.map((row) => row.map((id) => readId(id, name))),
    length: Math.max(0, ...rows.map((row) => row.length)),
    choices,
  };
}

/** @param {number[][]} rows @param {number} length */
function flatten(rows, length) {
  const flat = new Uint32Array(rows.length * length);
  for (const [place, row] of rows.entries()) flat.set(row, place * length);
  return flat;
}

/** @param {string} problem */
function refuse(problem) {
  return badInput(`${problem}.`, '{input_ids, attention_mask, token_type_ids}, each [rows, length]');
}
