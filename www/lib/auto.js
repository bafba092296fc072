/**
 * The classes of `transformers`: models, tokenizers and configurations by themselves, each with `from_pretrained`.
 */

import { deepFreeze, disposable, open } from './engine/open.js';
import { forwardOf } from './model.js';
import { checkLoadOptions } from './options.js';
import { tokenizerOn } from './tokenizer.js';

/**
 * @typedef {import('./options.js').LoadOptions} LoadOptions
 * @typedef {import('./engine/open.js').ModelReference} ModelReference
 * @typedef {import('./host.js').Host} Host
 */

/**
 * A model by itself. `config` is what stands in its `config.json`.
 * @template Output
 * @typedef {import('./model.js').Forward<Output> & import('./engine/open.js').Disposable & {
 *   readonly config: Readonly<Record<string, any>>,
 *   readonly model: Readonly<import('./runtime/glue.js').ModelInfo & import('./engine/open.js').Origin>,
 * }} PretrainedModel
 */

/**
 * Loads what the class stands for.
 * @template Pretrained
 * @typedef {{from_pretrained(model: ModelReference, options?: LoadOptions): Promise<Pretrained>}} AutoClass
 */

/** @typedef {import('./tensor.js').Tensor} Tensor */
/**
 * `[rows, outputs]`, or `[rows, length, outputs]` of a head that reads each token.
 * @typedef {{logits: Tensor}} LogitsOutput
 */
/**
 * `[rows, length, hidden]`; of an encoder and decoder also that of the encoder.
 * @typedef {{last_hidden_state: Tensor, encoder_last_hidden_state?: Tensor}} BaseOutput
 */
/** `[rows, length]` each. @typedef {{start_logits: Tensor, end_logits: Tensor}} SpanOutput */

/**
 * What models give, by their head.
 * @typedef {object} Outputs
 * @property {BaseOutput} base
 * @property {LogitsOutput} sequence
 * @property {LogitsOutput} token
 * @property {SpanOutput} qa
 * @property {LogitsOutput} multiple-choice
 * @property {LogitsOutput} masked-lm
 */

/**
 * The public classes, each by itself, so that an application has only those that it uses.
 * @param {Host} host
 * @returns {AutoClass<import('./tokenizer.js').Tokenizer>}
 */
export function tokenizersOn(host) {
  return Object.freeze({
    from_pretrained: async (/** @type {ModelReference} */ model, /** @type {LoadOptions} */ options = {}) =>
      tokenizerOn(host, model, checkLoadOptions(options)),
  });
}

/**
 * @param {Host} host
 * @returns {AutoClass<Readonly<Record<string, any>>>}
 */
export function configsOn(host) {
  return Object.freeze({
    async from_pretrained(/** @type {ModelReference} */ model, /** @type {LoadOptions} */ options = {}) {
      const client = await open(host, { part: 'config' }, model, checkLoadOptions(options));
      client.dispose();
      return deepFreeze(client.info.config);
    },
  });
}

/**
 * Models with the head of a class.
 * @template {keyof Outputs} Head
 * @param {Host} host
 * @param {Head} head
 * @returns {AutoClass<PretrainedModel<Outputs[Head]>>}
 */
export function modelsWith(host, head) {
  return Object.freeze({
    async from_pretrained(/** @type {ModelReference} */ model, /** @type {LoadOptions} */ options = {}) {
      const client = await open(host, { part: 'model', head }, model, checkLoadOptions(options));
      const { config, ...about } = client.info;
      return /** @type {any} */ (disposable(client, forwardOf(client), { config: deepFreeze(config), model: deepFreeze(about) }));
    },
  });
}
