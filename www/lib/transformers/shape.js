/** Places of numbers in a shape, and the lanes of numbers along a dimension. */

import { HeadwiseError } from '../errors.js';

/** @param {string} problem @param {...string} supported */
export function wrong(problem, ...supported) {
  return new HeadwiseError('input', `${problem[0].toUpperCase()}${problem.slice(1)}.`, { supported });
}

/** @param {readonly number[]} dims */
export const product = (dims) => dims.reduce((all, dim) => all * dim, 1);

/**
 * A dimension, or a place along one, counted from the end if it is negative.
 * @param {number} dim
 * @param {number} count of them
 */
export function dimOf(dim, count) {
  const counted = dim < 0 ? dim + count : dim;
  if (Number.isInteger(counted) && counted >= 0 && counted < count) return counted;
  throw wrong(`there is no ${dim} among ${count}`, `${-count} to ${count - 1}`);
}

/** How far apart neighbours of each dimension are. @param {readonly number[]} dims */
export function stridesOf(dims) {
  return dims.map((_, place) => product(dims.slice(place + 1)));
}

/**
 * Which places of a dimension a part of `slice` means: one has no length.
 * @param {number | readonly (number | null)[] | null} part
 * @param {number} size
 * @returns {{from: number, length?: number}}
 */
export function cutOf(part, size) {
  if (typeof part === 'number') return { from: dimOf(part, size) };
  const [start, end] = part ?? [];
  const at = (/** @type {number} */ place) => Math.min(Math.max(place < 0 ? place + size : place, 0), size);
  const from = at(start ?? 0);
  return { from, length: Math.max(0, at(end ?? size) - from) };
}

/**
 * The lanes along a dimension: how many there are beside each other, the numbers of each, and where those are.
 * @param {{data: any, dims: readonly number[]}} tensor
 * @param {number} dim
 */
export function lanesOf({ data, dims }, dim) {
  const place = dimOf(dim, dims.length);
  const [outer, size, inner] = [product(dims.slice(0, place)), dims[place], product(dims.slice(place + 1))];
  /** @param {number} lane @param {number} step */
  const at = (lane, step) => (Math.floor(lane / inner) * size + step) * inner + lane % inner;
  /** @param {number} lane @returns {number[]} */
  const numbers = (lane) => Array.from({ length: size }, (_, step) => Number(data[at(lane, step)]));
  return { place, count: outer * inner, at, numbers };
}

/** @param {number[]} lane */
export const sumOf = (lane) => lane.reduce((sum, one) => sum + one, 0);
/** @param {number[]} lane */
export const meanOf = (lane) => sumOf(lane) / lane.length;
/** @param {number[]} lane @param {number} p */
export const normOf = (lane, p) => sumOf(lane.map((one) => Math.abs(one) ** p)) ** (1 / p);
