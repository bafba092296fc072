/** Promises where transformers.js has values: a tokenizer works in a thread of its own here. */

import { HeadwiseError } from '../errors.js';

/** What code reads off an encoding, a list, a text or a map; a promise has none of it. */
const PROPERTIES = [
  'input_ids', 'attention_mask', 'token_type_ids', 'length', 'map', 'filter', 'slice', 'join', 'includes', 'forEach', 'at',
  'size', 'get', 'has', 'keys', 'entries',
];

/**
 * A promise that names `await` when a property of its value is read off it.
 * @template T
 * @param {string} call what gave it
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export function promised(call, promise) {
  const hints = PROPERTIES.map((name) => [name, {
    // Spreading reads what is enumerable, too.
    enumerable: true,
    get() {
      throw new HeadwiseError('input', `“${name}” is read off a promise. Write: await ${call}`,
        { property: name, supported: [`await ${call}`] });
    },
  }]);
  return Object.defineProperties(promise, Object.fromEntries(hints));
}
