/**
 * The tensors of transformers.js: those of the package with indexing, arithmetic and views. Everything this entry gives
 * out is made of these.
 */

import { Tensor as Plain } from '../tensor.js';
import * as maths from './maths.js';
import { cutOf, dimOf, lanesOf, meanOf, normOf, product, stridesOf, sumOf, wrong } from './shape.js';

/** Arrays by the type of their numbers. @type {Record<string, any>} */
const ARRAYS = {
  float32: Float32Array, float64: Float64Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array,
  int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
};

/** @param {string} type */
const holdsBigints = (type) => type === 'int64' || type === 'uint64';

/**
 * @param {string} type
 * @param {ArrayLike<any>} numbers
 * @returns {any} a typed array
 */
function arrayOf(type, numbers) {
  const kind = ARRAYS[type];
  if (!kind) throw wrong(`there are no tensors of ${type}`, ...Object.keys(ARRAYS));
  const convert = holdsBigints(type)
    ? (/** @type {any} */ number) => (typeof number === 'bigint' ? number : BigInt(Math.floor(Number(number))))
    : Number;
  return kind.from(numbers, convert);
}

/** @typedef {new (type: any, data: any, dims: readonly number[]) => Plain<any> & {[place: number]: Tensor}} Indexed */

/**
 * Numbers with a shape; `tensor[i]` is the i-th along the first dimension. A method whose name ends with `_` does the same
 * in place.
 */
export class Tensor extends /** @type {Indexed} */ (Plain) {
  /**
   * @param {string} type
   * @param {ArrayLike<any>} data row after row: a typed array, or one that becomes one
   * @param {readonly number[]} [dims] one dimension by default
   */
  constructor(type, data, dims = [data.length]) {
    super(/** @type {any} */ (type), ArrayBuffer.isView(data) ? data : arrayOf(type, data), [...dims]);
    return new Proxy(this, { get });
  }

  /** @param {Plain<any>} tensor @returns {Tensor} the same numbers */
  static from({ type, data, dims }) {
    return new Tensor(type, data, dims);
  }

  * [Symbol.iterator]() {
    const { data, dims: [length, ...inner] } = this;
    if (inner.length === 0) yield* data;
    else for (let place = 0; place < length; place += 1) yield partAt(this, place);
  }

  /** The numbers as nested arrays, or the one of a tensor without dimensions. @returns {any} */
  tolist() {
    return this.dims.length === 0 ? this.data[0] : super.tolist();
  }

  /** The only number. @returns {any} */
  item() {
    const { data } = this;
    if (data.length !== 1) throw wrong(`a tensor of ${data.length} numbers has no single one`);
    return data[0];
  }

  clone() {
    return new Tensor(this.type, this.data.slice(), this.dims);
  }

  /** The same numbers as those of another type. @param {string} type */
  to(type) {
    return type === this.type ? this : new Tensor(type, arrayOf(type, this.data), this.dims);
  }

  /** Nothing: its memory is JavaScript's. */
  dispose() {}

  // Number by number.

  /** @param {(number: any, place: number, data: any) => any} callback */
  map(callback) {
    return new Tensor(this.type, this.data.map(callback), this.dims);
  }

  /** @param {any} number */
  add(number) {
    return this.map((one) => one + number);
  }

  /** @param {any} number */
  sub(number) {
    return this.map((one) => one - number);
  }

  /** @param {any} number */
  mul(number) {
    return this.map((one) => one * number);
  }

  /** @param {any} number */
  div(number) {
    return this.map((one) => one / number);
  }

  neg() {
    return this.map((one) => -one);
  }

  round() {
    return this.map(Math.round);
  }

  /** @param {number} least @param {number} most */
  clamp(least, most) {
    return this.map((one) => Math.min(Math.max(one, least), most));
  }

  sigmoid() {
    return this.map((one) => 1 / (1 + Math.exp(-one)));
  }

  /** @param {any} number @returns {Tensor} of `bool` */
  gt(number) {
    return new Tensor('bool', Uint8Array.from(this.data, (one) => Number(one > number)), this.dims);
  }

  /** @param {any} number @returns {Tensor} of `bool` */
  lt(number) {
    return new Tensor('bool', Uint8Array.from(this.data, (one) => Number(one < number)), this.dims);
  }

  // Along a dimension; without one, over all numbers.

  /** @param {number} [dim] */
  softmax(dim = -1) {
    return alongEach(this, dim, maths.softmax);
  }

  /** @param {number} [p] @param {number} [dim] */
  normalize(p = 2, dim = 1) {
    return alongEach(this, dim, (lane) => {
      const length = normOf(lane, p);
      return lane.map((one) => one / length);
    });
  }

  /** @param {number | 'fro'} [p] @param {number | null} [dim] @param {boolean} [keepdim] */
  norm(p = 'fro', dim = null, keepdim = false) {
    return reduce(this, dim, keepdim, (lane) => normOf(lane, p === 'fro' ? 2 : p));
  }

  /** @param {number | null} [dim] @param {boolean} [keepdim] */
  sum(dim = null, keepdim = false) {
    return reduce(this, dim, keepdim, sumOf);
  }

  /** @param {number | null} [dim] @param {boolean} [keepdim] */
  mean(dim = null, keepdim = false) {
    return reduce(this, dim, keepdim, meanOf);
  }

  /** @param {number | null} [dim] @param {boolean} [keepdim] */
  min(dim = null, keepdim = false) {
    return reduce(this, dim, keepdim, (lane) => maths.min(lane)[0]);
  }

  /** @param {number | null} [dim] @param {boolean} [keepdim] */
  max(dim = null, keepdim = false) {
    return reduce(this, dim, keepdim, (lane) => maths.max(lane)[0]);
  }

  /** @param {number | null} [dim] @param {boolean} [keepdim] */
  argmin(dim = null, keepdim = false) {
    return reduce(this, dim, keepdim, (lane) => maths.min(lane)[1], 'int64');
  }

  /** @param {number | null} [dim] @param {boolean} [keepdim] */
  argmax(dim = null, keepdim = false) {
    return reduce(this, dim, keepdim, (lane) => maths.max(lane)[1], 'int64');
  }

  // Other shapes.

  /** The same numbers in another shape; one dimension may be -1. @param {...number} dims */
  view(...dims) {
    const { type, data } = this;
    const others = product(dims.filter((dim) => dim !== -1));
    return new Tensor(type, data, dims.map((dim) => (dim === -1 ? data.length / others : dim)));
  }

  /** @param {...number} dims */
  reshape(...dims) {
    return this.view(...dims);
  }

  /** @param {number} [from] first dimension @param {number} [to] last dimension that becomes one with it */
  flatten(from = 0, to = -1) {
    const { dims } = this;
    const end = dimOf(to, dims.length) + 1;
    return this.view(...dims.slice(0, from), product(dims.slice(from, end)), ...dims.slice(end));
  }

  /**
   * Without dimensions of size 1: all of them, or those that are named.
   * @param {number | number[] | null} [dim]
   * @returns {any}
   */
  squeeze(dim = null) {
    const { dims } = this;
    const named = dim === null ? undefined : [dim].flat().map((one) => dimOf(one, dims.length));
    return this.view(...dims.filter((size, place) => size !== 1 || (named && !named.includes(place))));
  }

  /** With one dimension of size 1 more. @param {number} [dim] where it comes in @returns {any} */
  unsqueeze(dim = 0) {
    const { dims } = this;
    const place = dimOf(dim, dims.length + 1);
    return this.view(...dims.slice(0, place), 1, ...dims.slice(place));
  }

  stride() {
    return stridesOf(this.dims);
  }

  /** @param {...number} order of the dimensions */
  permute(...order) {
    const { type, data, dims } = this;
    const places = order.map((dim) => dimOf(dim, dims.length));
    if (new Set(places).size !== dims.length) throw wrong(`[${order}] are not all ${dims.length} dimensions`);
    const strides = stridesOf(dims);
    return strided(type, data, places.map((place) => dims[place]), places.map((place) => strides[place]));
  }

  /** @param {...number} order all dimensions, as upstream has it, or the two that change places */
  transpose(...order) {
    const { dims: { length } } = this;
    if (order.length === length) return this.permute(...order);
    const [a, b] = order.map((dim) => dimOf(dim, length));
    return this.permute(...this.dims.map((_, place) => (place === a ? b : place === b ? a : place)));
  }

  /**
   * A part: of each dimension all (`null`), one place, or those from a start on and before an end.
   * @param {...(number | readonly (number | null)[] | null)} parts
   */
  slice(...parts) {
    const { type, data, dims } = this;
    const strides = stridesOf(dims);
    const cuts = dims.map((size, place) => cutOf(parts[place] ?? null, size));
    const offset = cuts.reduce((sum, { from }, place) => sum + from * strides[place], 0);
    const kept = cuts.flatMap(({ length }, place) => (length === undefined ? [] : [{ length, stride: strides[place] }]));
    return strided(type, data, kept.map(({ length }) => length), kept.map(({ stride }) => stride), offset);
  }
}

/**
 * Handles what no class can declare: indices, and methods in place.
 * @param {Tensor} tensor
 * @param {any} key
 * @param {any} receiver
 */
function get(tensor, key, receiver) {
  if (typeof key !== 'string' || key in tensor) return Reflect.get(tensor, key, tensor);
  if (/^-?\d+$/.test(key)) return partAt(tensor, Number(key));
  const method = key.endsWith('_') ? /** @type {any} */ (tensor)[key.slice(0, -1)] : undefined;
  if (typeof method !== 'function') return undefined;
  return (/** @type {unknown[]} */ ...args) => {
    const { data, dims } = method.apply(tensor, args);
    if (data !== tensor.data) tensor.data.set(data);
    tensor.dims = dims;
    return receiver;
  };
}

/** What `tensor[place]` is, which shares its numbers. @param {Tensor} tensor @param {number} place */
function partAt({ type, data, dims: [length, ...inner] }, place) {
  const size = product(inner);
  const from = dimOf(place, length) * size;
  return new Tensor(type, data.subarray(from, from + size), inner);
}

/**
 * Numbers that are so far apart in `data`, one after the other.
 * @param {string} type
 * @param {any} data
 * @param {readonly number[]} dims
 * @param {readonly number[]} strides
 * @param {number} [offset]
 */
function strided(type, data, dims, strides, offset = 0) {
  const result = new data.constructor(product(dims));
  let next = 0;
  /** @param {number} dim @param {number} at */
  const copy = (dim, at) => {
    if (dim === dims.length) {
      result[next] = data[at];
      next += 1;
      return;
    }
    for (let place = 0; place < dims[dim]; place += 1) copy(dim + 1, at + place * strides[dim]);
  };
  copy(0, offset);
  return new Tensor(type, result, dims);
}

/**
 * One number in place of each lane.
 * @param {Tensor} tensor
 * @param {number | null} dim
 * @param {boolean} keepdim
 * @param {(lane: number[]) => number} reducer
 * @param {string} [type] of what it gives
 */
export function reduce(tensor, dim, keepdim, reducer, type = tensor.type) {
  if (dim === null) return new Tensor(type, [reducer(Array.from(tensor.data, Number))], []);
  const { place, count, numbers } = lanesOf(tensor, dim);
  const dims = [...tensor.dims.slice(0, place), ...keepdim ? [1] : [], ...tensor.dims.slice(place + 1)];
  return new Tensor(type, Array.from({ length: count }, (_, at) => reducer(numbers(at))), dims);
}

/**
 * Other numbers in place of those of each lane.
 * @param {Tensor} tensor
 * @param {number} dim
 * @param {(lane: number[]) => number[]} change
 */
export function alongEach(tensor, dim, change) {
  const result = tensor.clone();
  const { count, at, numbers } = lanesOf(tensor, dim);
  const { data } = result;
  for (let one = 0; one < count; one += 1) {
    for (const [step, number] of change(numbers(one)).entries()) data[at(one, step)] = number;
  }
  return result;
}
