/** Options that nobody knows are refused by the package and ignored by transformers.js: here they are said and left out. */

import { warnOnce } from './env.js';

/**
 * Calls with the options that are known.
 * @template {object} Options
 * @template Result
 * @param {Options} options
 * @param {(options: Options) => Promise<Result>} call
 * @returns {Promise<Result>}
 */
export async function withKnown(options, call) {
  try {
    return await call(options);
  } catch (error) {
    const { code, details: { option, supported } = {} } = /** @type {any} */ (error ?? {});
    // What is supported in place of an unknown option are options, and `signal` is always one of them.
    if (code !== 'option' || !(option in options) || !supported.includes('signal')) throw error;
    warnOnce(`there is no option “${option}”, which is left aside. Supported: ${supported.join(', ')}.`);
    const { [/** @type {keyof Options} */ (option)]: _, ...others } = options;
    return withKnown(/** @type {Options} */ (others), call);
  }
}
