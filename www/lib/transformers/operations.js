/** Functions on tensors, under the names that transformers.js exports: those that encoders need. */

import { dimOf, lanesOf, meanOf, product, sumOf, wrong } from './shape.js';
import { Tensor, alongEach, reduce } from './tensor.js';

/** Tensors one after the other along a dimension. @param {Tensor[]} tensors @param {number} [dim] */
export function cat(tensors, dim = 0) {
  const [{ type, data: { constructor }, dims }] = tensors;
  const place = dimOf(dim, dims.length);
  const alike = tensors.every((one) =>
    one.dims.length === dims.length && one.dims.every((size, at) => at === place || size === dims[at]));
  if (!alike) throw wrong(`tensors [${tensors.map((one) => `[${one.dims}]`)}] do not go together along dimension ${dim}`);
  const sizes = tensors.map((one) => one.dims[place]);
  const data = new constructor(tensors.reduce((sum, { data: { length } }) => sum + length, 0));
  const inner = product(dims.slice(place + 1));
  let next = 0;
  for (let row = 0; row < product(dims.slice(0, place)); row += 1) {
    for (const [one, size] of sizes.entries()) {
      data.set(tensors[one].data.subarray(row * size * inner, (row + 1) * size * inner), next);
      next += size * inner;
    }
  }
  return new Tensor(type, data, dims.map((size, at) => (at === place ? sizes.reduce((sum, one) => sum + one, 0) : size)));
}

/** Tensors side by side in a new dimension. @param {Tensor[]} tensors @param {number} [dim] @returns {Tensor} */
export function stack(tensors, dim = 0) {
  return cat(tensors.map((tensor) => tensor.unsqueeze(dim)), dim);
}

/** @param {Tensor} tensor @param {number | null} [dim] @param {boolean} [keepdim] */
export function mean(tensor, dim = null, keepdim = false) {
  return tensor.mean(dim, keepdim);
}

/**
 * Standard deviations and means.
 * @param {Tensor} tensor
 * @param {number | null} [dim]
 * @param {number} [correction] what is taken from the count
 * @param {boolean} [keepdim]
 * @returns {[Tensor, Tensor]}
 */
export function std_mean(tensor, dim = null, correction = 1, keepdim = false) {
  const deviation = (/** @type {number[]} */ lane) => {
    const middle = meanOf(lane);
    return Math.sqrt(sumOf(lane.map((one) => (one - middle) ** 2)) / (lane.length - correction));
  };
  return [reduce(tensor, dim, keepdim, deviation), tensor.mean(dim, keepdim)];
}

/** @param {Tensor} tensor @param {number[]} order */
export function permute(tensor, order) {
  return tensor.permute(...order);
}

/**
 * The mean vector of the tokens of each text.
 * @param {Tensor} last_hidden_state `[texts, tokens, numbers]`
 * @param {Tensor} attention_mask `[texts, tokens]`, 0 for what does not count
 */
export function mean_pooling(last_hidden_state, attention_mask) {
  const { data, dims: [texts, tokens, size] } = last_hidden_state;
  const result = new Float32Array(texts * size);
  const mask = attention_mask.data;
  for (let text = 0; text < texts; text += 1) {
    const rows = Array.from({ length: tokens }, (_, token) => text * tokens + token);
    const counted = rows.filter((row) => Number(mask[row]) !== 0);
    for (let at = 0; at < size; at += 1) {
      let sum = 0;
      for (const row of counted) sum += data[row * size + at];
      result[text * size + at] = sum / counted.length;
    }
  }
  return new Tensor('float32', result, [texts, size]);
}

/**
 * Each row with mean 0 and variance 1.
 * @param {Tensor} tensor
 * @param {readonly number[]} shape of a row: the last dimension
 * @param {{eps?: number}} [options]
 */
export function layer_norm(tensor, shape, { eps = 1e-5 } = {}) {
  if (shape.length !== 1 || shape[0] !== tensor.dims.at(-1)) {
    throw wrong(`[${shape}] is not the last dimension of [${tensor.dims}]`);
  }
  return alongEach(tensor, -1, (row) => {
    const middle = meanOf(row);
    const deviation = Math.sqrt(meanOf(row.map((one) => (one - middle) ** 2)) + eps);
    return row.map((one) => (one - middle) / deviation);
  });
}

/**
 * Vectors as bits: whether each number is above 0, eight to a byte.
 * @param {Tensor} tensor `[texts, numbers]`
 * @param {'binary' | 'ubinary'} precision signed bytes or unsigned ones
 */
export function quantize_embeddings({ data, dims }, precision) {
  const size = dims.at(-1) ?? 0;
  if (dims.length !== 2 || size % 8 !== 0) throw wrong(`[${dims}] is not [texts, numbers] with a multiple of 8 numbers`);
  if (precision !== 'binary' && precision !== 'ubinary') {
    throw wrong(`there is no precision “${precision}”`, 'binary', 'ubinary');
  }
  /** @param {number} byte */
  const bits = (byte) => Array.from({ length: 8 }, (_, bit) => data[byte * 8 + bit]).reduce((all, one) => all * 2 + Number(one > 0), 0);
  const bytes = Array.from({ length: data.length / 8 }, (_, byte) => bits(byte) - (precision === 'binary' ? 128 : 0));
  return new Tensor(precision === 'binary' ? 'int8' : 'uint8', bytes, [dims[0], size / 8]);
}

/**
 * The product of matrices; of several, each with each, or all with one.
 * @param {Tensor} a `[…, rows, inner]`
 * @param {Tensor} b `[…, inner, columns]`
 */
export async function matmul(a, b) {
  const [rows, inner] = a.dims.slice(-2);
  const [same, columns] = b.dims.slice(-2);
  const count = product(a.dims.slice(0, -2));
  if (inner !== same || ![1, count].includes(product(b.dims.slice(0, -2)))) {
    throw wrong(`[${a.dims}] and [${b.dims}] have no product`);
  }
  const result = new Float32Array(count * rows * columns);
  const [left, right, step] = [a.data, b.data, b.dims.length > 2 ? inner * columns : 0];
  for (let row = 0; row < count * rows; row += 1) {
    const from = Math.floor(row / rows) * step;
    for (let column = 0; column < columns; column += 1) {
      let sum = 0;
      for (let at = 0; at < inner; at += 1) sum += left[row * inner + at] * right[from + at * columns + column];
      result[row * columns + column] = sum;
    }
  }
  return new Tensor('float32', result, [...a.dims.slice(0, -1), columns]);
}

/**
 * The largest numbers of the last dimension, and their places.
 * @param {Tensor} tensor
 * @param {number | null} [k] how many; all by default
 * @returns {Promise<[Tensor, Tensor]>}
 */
export async function topk(tensor, k) {
  const size = tensor.dims.at(-1) ?? 0;
  const kept = Math.min(k || size, size);
  const dims = [...tensor.dims.slice(0, -1), kept];
  const { count, numbers } = lanesOf(tensor, -1);
  const best = Array.from({ length: count }, (_, at) =>
    numbers(at).map((number, place) => ({ number, place })).sort((a, b) => b.number - a.number).slice(0, kept)).flat();
  const values = new Tensor(tensor.type, best.map(({ number }) => number), dims);
  return [values, new Tensor('int64', best.map(({ place }) => place), dims)];
}

/** @param {readonly number[]} dims @param {number | bigint | boolean} value */
export function full(dims, value) {
  const type = typeof value === 'bigint' ? 'int64' : typeof value === 'boolean' ? 'bool' : 'float32';
  return new Tensor(type, Array(product(dims)).fill(value), dims);
}

/** @param {Tensor} tensor @param {number | bigint | boolean} value */
export function full_like({ dims }, value) {
  return full(dims, value);
}

/** @param {readonly number[]} dims */
export function ones(dims) {
  return full(dims, 1n);
}

/** @param {Tensor} tensor */
export function ones_like({ dims }) {
  return ones(dims);
}

/** @param {readonly number[]} dims */
export function zeros(dims) {
  return full(dims, 0n);
}

/** @param {Tensor} tensor */
export function zeros_like({ dims }) {
  return zeros(dims);
}
