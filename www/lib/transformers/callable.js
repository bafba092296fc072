/** Objects that can be called, as pipelines, models and tokenizers are in transformers.js. */

import { HeadwiseError } from '../errors.js';

/** What such classes extend: their objects are functions, which `callable` makes. */
export class Callable {
  constructor() {
    throw new HeadwiseError('option', 'These are made by pipeline() and by from_pretrained().',
      { supported: ['pipeline()', 'from_pretrained()'] });
  }
}
Object.setPrototypeOf(Callable.prototype, Function.prototype);

/**
 * A function as an object of a class.
 * @template {Function} Call
 * @template {object} Properties
 * @param {{prototype: object}} kind
 * @param {Call} call
 * @param {Properties} properties
 * @returns {Call & Properties}
 */
export function callable(kind, call, properties) {
  const all = Object.getOwnPropertyDescriptors({ _call: call, ...properties });
  return /** @type {any} */ (Object.defineProperties(Object.setPrototypeOf(call, kind.prototype), all));
}
