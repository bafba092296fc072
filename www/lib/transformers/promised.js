/** Promises where transformers.js has values: a tokenizer works in a thread of its own here. */

import { HeadwiseError } from '../errors.js';

/**
 * A promise that names `await` when a property of its value is read off it.
 * @template T
 * @param {string} call what gave it
 * @param {readonly string[]} names of those properties
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export function promised(call, names, promise) {
  const hints = names.map((name) => [name, {
    // Spreading reads what is enumerable, too.
    enumerable: true,
    get() {
      throw new HeadwiseError('input', `“${name}” is read off a promise. Write: await ${call}`,
        { property: name, supported: [`await ${call}`] });
    },
  }]);
  return Object.defineProperties(promise, Object.fromEntries(hints));
}

/** Properties of what is an array or a string. */
export const OF_LISTS = ['length', 'map', 'filter', 'slice', 'join', 'includes', 'forEach', 'at'];
