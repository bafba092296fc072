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
 * Makes the public classes.
 * @param {Host} host
 */
export function autoClassesOn(host) {
  /** @type {AutoClass<import('./tokenizer.js').Tokenizer>} */
  const AutoTokenizer = {
    from_pretrained: async (model, options = {}) => tokenizerOn(host, model, checkLoadOptions(options)),
  };
  /** @type {AutoClass<Readonly<Record<string, any>>>} */
  const AutoConfig = {
    async from_pretrained(model, options = {}) {
      const { client, info } = await open(host, { part: 'config' }, model, checkLoadOptions(options));
      client.dispose();
      return deepFreeze(info.config);
    },
  };
  return Object.freeze({
    AutoTokenizer: Object.freeze(AutoTokenizer),
    AutoConfig: Object.freeze(AutoConfig),
    AutoModel: /** @type {AutoClass<PretrainedModel<BaseOutput>>} */ (classOf(host, 'base')),
    AutoModelForSequenceClassification: /** @type {AutoClass<PretrainedModel<LogitsOutput>>} */ (classOf(host, 'sequence')),
    AutoModelForTokenClassification: /** @type {AutoClass<PretrainedModel<LogitsOutput>>} */ (classOf(host, 'token')),
    AutoModelForQuestionAnswering: /** @type {AutoClass<PretrainedModel<SpanOutput>>} */ (classOf(host, 'qa')),
    AutoModelForMultipleChoice: /** @type {AutoClass<PretrainedModel<LogitsOutput>>} */ (classOf(host, 'multiple-choice')),
    AutoModelForMaskedLM: /** @type {AutoClass<PretrainedModel<LogitsOutput>>} */ (classOf(host, 'masked-lm')),
  });
}

/**
 * The class of models with this head.
 * @param {Host} host
 * @param {string} head
 * @returns {AutoClass<PretrainedModel<any>>}
 */
function classOf(host, head) {
  return Object.freeze({
    async from_pretrained(/** @type {ModelReference} */ model, /** @type {LoadOptions} */ options = {}) {
      const { client, info } = await open(host, { part: 'model', head }, model, checkLoadOptions(options));
      const { config, ...about } = info;
      return disposable(client, forwardOf(client), { config: deepFreeze(config), model: deepFreeze(about) });
    },
  });
}
