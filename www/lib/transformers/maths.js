/** Functions on plain arrays of numbers, under the names that transformers.js exports. */

/** @typedef {number[] | Float32Array | Float64Array} Numbers */

/**
 * Numbers as shares of one.
 * @template {Numbers} T
 * @param {T} numbers
 * @returns {T}
 */
export function softmax(numbers) {
  const [most] = max(numbers);
  const powers = Float64Array.from(numbers, (number) => Math.exp(number - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return /** @type {T} */ (numbers.map((_, place) => powers[place] / sum));
}

/**
 * Logarithms of the shares.
 * @template {Numbers} T
 * @param {T} numbers
 * @returns {T}
 */
export function log_softmax(numbers) {
  const [most] = max(numbers);
  let sum = 0;
  for (const number of numbers) sum += Math.exp(number - most);
  return /** @type {T} */ (numbers.map((number) => number - most - Math.log(sum)));
}

/** @param {Numbers} a @param {Numbers} b of the same length */
export function dot(a, b) {
  let sum = 0;
  for (let place = 0; place < a.length; place += 1) sum += a[place] * b[place];
  return sum;
}

/** The length of a vector. @param {Numbers} numbers */
export function magnitude(numbers) {
  return Math.sqrt(dot(numbers, numbers));
}

/** The cosine of the angle between two vectors. @param {Numbers} a @param {Numbers} b */
export function cos_sim(a, b) {
  return dot(a, b) / (magnitude(a) * magnitude(b));
}

/** The largest number and its place. @param {ArrayLike<any>} numbers @returns {[any, number]} */
export function max(numbers) {
  return first(numbers, (number, best) => number > best);
}

/** The smallest number and its place. @param {ArrayLike<any>} numbers @returns {[any, number]} */
export function min(numbers) {
  return first(numbers, (number, best) => number < best);
}

/**
 * The number that no other beats, and its first place.
 * @param {ArrayLike<any>} numbers
 * @param {(number: any, best: any) => boolean} beats
 * @returns {[any, number]}
 */
function first(numbers, beats) {
  let best = 0;
  for (let place = 1; place < numbers.length; place += 1) {
    if (beats(numbers[place], numbers[best])) best = place;
  }
  return [numbers[best], best];
}
