/**
 * Numbers with a shape, as transformers.js hands them over.
 */

import { HeadwiseError } from './errors.js';

/** @typedef {{float32: Float32Array, int64: BigInt64Array}} TensorData arrays by the type of their numbers */

/** Nested arrays; at the innermost level numbers, or of `int64` bigints. @typedef {any[]} Nested */

/** The numbers of a tensor, row after row. @template {keyof TensorData} [T='float32'] */
export class Tensor {
  /**
   * @param {T} type
   * @param {TensorData[T]} data row after row
   * @param {readonly number[]} dims the shape; its product is the number of numbers
   */
  constructor(type, data, dims) {
    if (dims.reduce((product, dim) => product * dim, 1) !== data.length) {
      throw new HeadwiseError('input', `${data.length} numbers do not make a tensor of the shape [${dims}].`, { dims });
    }
    this.type = type;
    this.data = data;
    this.dims = dims;
  }

  /** How many numbers there are. */
  get size() {
    return this.data.length;
  }

  /**
   * The same numbers with one dimension more, of size 1: rows that are the choices of one question.
   * @param {number} [dim] where it comes in
   */
  unsqueeze(dim = 0) {
    return new Tensor(this.type, this.data, [...this.dims.slice(0, dim), 1, ...this.dims.slice(dim)]);
  }

  /** The numbers as nested arrays; those of `int64` are bigints. @returns {Nested} */
  tolist() {
    return nested(Array.from(/** @type {ArrayLike<any>} */ (this.data)), this.dims);
  }
}

/**
 * @param {any[]} numbers
 * @param {readonly number[]} dims
 * @returns {Nested}
 */
function nested(numbers, [first, ...rest]) {
  if (rest.length === 0) return numbers;
  const size = rest.reduce((product, dim) => product * dim, 1);
  return Array.from({ length: first }, (_, row) => nested(numbers.slice(row * size, (row + 1) * size), rest));
}

/**
 * Vectors and matrices of one width as one tensor of float32, `[arrays, …]`; shorter matrices are filled up with zeros.
 * @param {{dims: number[], data: Float32Array}[]} arrays `[width]` each, or `[rows, width]` each
 */
export function stack(arrays) {
  const [first] = arrays;
  if (!first) return new Tensor('float32', new Float32Array(), [0]);
  const inner = first.dims.length === 1 ? first.dims
    : [Math.max(...arrays.map(({ dims }) => dims[0])), first.dims[1]];
  const size = inner.reduce((product, dim) => product * dim, 1);
  const data = new Float32Array(arrays.length * size);
  for (const [place, array] of arrays.entries()) data.set(array.data, place * size);
  return new Tensor('float32', data, [arrays.length, ...inner]);
}
