/**
 * What an option may be: rules, and the check of given options against a table of them.
 * A table is typed by the typedef of its options, so that neither can have an option the other lacks.
 */

import { HeadwiseError } from '../errors.js';

/**
 * @typedef {object} Rule
 * @property {string[]} supported what the option may be, in words
 * @property {(value: any) => boolean} accepts
 */

/** @template T @typedef {Record<keyof T, Rule>} Rules */

/** @param {...(string | boolean)} values @returns {Rule} */
export const oneOf = (...values) => ({
  supported: values.map(String),
  accepts: (value) => values.includes(value),
});

/** @param {string} type @param {string} [words] @returns {Rule} */
export const ofType = (type, words = `a ${type}`) => ({
  supported: [words],
  accepts: (value) => typeof value === type && value !== null && value !== '',
});

/** @param {...Rule} rules @returns {Rule} */
export const anyOf = (...rules) => ({
  supported: rules.flatMap((rule) => rule.supported),
  accepts: (value) => rules.some((rule) => rule.accepts(value)),
});

/** @type {Rule} */
export const flag = oneOf(true, false);

/** @type {Rule} */
export const text = { supported: ['a string'], accepts: (value) => typeof value === 'string' };

/** @type {Rule} */
export const texts = {
  supported: ['an array of strings'],
  accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};

/** A whole number that the engine, which counts in 32 bits, can take. @param {number} least @param {string} words */
const whole = (least, words) => ({
  supported: [words],
  /** @param {any} value */
  accepts: (value) => Number.isInteger(value) && value >= least && value < 2 ** 32,
});

/** @type {Rule} */
export const count = whole(1, 'a positive integer');

/** @type {Rule} */
export const countOrNull = anyOf(count, { supported: ['null'], accepts: (value) => value === null });

/** @type {Rule} */
export const countFromZero = whole(0, 'an integer from 0 on');

/** @type {Rule} */
export const abortSignal = {
  supported: ['an AbortSignal'],
  // One of another realm, such as a frame's, is as good.
  accepts: (value) => typeof value?.aborted === 'boolean' && typeof value.addEventListener === 'function',
};

/** @type {Rule} */
export const plainObject = {
  supported: ['an object'],
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/**
 * The options that were given, each one known and of a supported value. `undefined` is not given,
 * nor is `null` where it has no meaning of its own.
 * @template T
 * @param {T} options
 * @param {Rules<T>} rules
 * @returns {T}
 */
export function check(options, rules) {
  /** @type {Record<string, Rule>} */
  const table = rules;
  const names = Object.keys(table);
  if (!plainObject.accepts(options)) throw refuse('options', names, 'Options are given as an object.');
  /** @type {Record<string, any>} */
  const given = {};
  for (const [name, value] of Object.entries(/** @type {object} */ (options))) {
    const rule = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!rule) throw refuse(name, names, `There is no option “${name}”.`);
    if (rule.accepts(value)) given[name] = value;
    // The value itself is not repeated: it may be a secret.
    else if (value != null) throw refuse(name, rule.supported, `This value of “${name}” is not supported.`);
  }
  return /** @type {any} */ (given);
}

/**
 * An `option` error that says what is supported instead.
 * @param {string} option
 * @param {string[]} supported
 * @param {string} problem
 */
export function refuse(option, supported, problem) {
  return new HeadwiseError('option', `${problem} Supported: ${supported.join(', ')}.`, { option, supported });
}
