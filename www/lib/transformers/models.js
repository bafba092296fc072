/** Models and configurations with the classes of transformers.js, over those of the package. */

import { HeadwiseError } from '../errors.js';
import { Callable, callable } from './callable.js';
import { loadFirst } from './load.js';
import { Tensor } from './tensor.js';
import { headwise } from './face.js';

/** What stands in a `config.json`; it may be changed. */
export class PretrainedConfig {
  /** @param {Record<string, any>} settings */
  constructor(settings) {
    /** @type {Record<string, any>} */
    const all = this;
    Object.assign(all, structuredClone(settings));
  }

  /**
   * @param {import('./load.js').ModelReference} model
   * @param {import('./load.js').LoadOptions} [options]
   * @returns {Promise<PretrainedConfig & Record<string, any>>}
   */
  static async from_pretrained(model, options) {
    return new PretrainedConfig(await loadFirst(model, options, headwise.AutoConfig.from_pretrained));
  }
}

/** @typedef {{logits: Tensor}} LogitsOutput */
/** @typedef {{last_hidden_state: Tensor, encoder_last_hidden_state?: Tensor}} BaseOutput */
/** @typedef {{start_logits: Tensor, end_logits: Tensor}} SpanOutput */
/** @typedef {{hidden_states?: Tensor[], attentions?: Tensor[]}} LayerOutputs */

/**
 * A model by itself. Its inputs may be promises, as a tokenizer gives them.
 * @template Output
 * @typedef {((inputs: any, options?: import('../model.js').ForwardOptions) => Promise<Output & LayerOutputs>) & {
 *   config: Record<string, any>,
 *   dispose(): Promise<void>,
 * } & Partial<import('../runtime/glue.js').ModelInfo>} Model
 */

/** A model of the package. @typedef {import('../index.js').PretrainedModel<any>} PlainModel */

/** What all models are. */
export class PreTrainedModel extends /** @type {new () => Model<any>} */ (Callable) {
  /** The class of the package that loads it. @type {Auto} */
  static auto = 'AutoModel';

  /**
   * @param {import('./load.js').ModelReference} model
   * @param {import('./load.js').LoadOptions} [options]
   * @returns {Promise<any>}
   */
  static async from_pretrained(model, options) {
    /** @type {import('../auto.js').AutoClass<PlainModel>} */
    const auto = headwise[this.auto];
    const plain = await loadFirst(model, options, auto.from_pretrained);
    return modelOver(this, async () => plain, plain);
  }
}

/**
 * Classes of models, by the names of those that load them.
 * @typedef {'AutoModel' | 'AutoModelForSequenceClassification' | 'AutoModelForTokenClassification'
 *   | 'AutoModelForQuestionAnswering' | 'AutoModelForMultipleChoice' | 'AutoModelForMaskedLM'} Auto
 */

/**
 * @template Output
 * @typedef {(new () => Model<Output>) & {
 *   from_pretrained(model: import('./load.js').ModelReference, options?: import('./load.js').LoadOptions):
 *     Promise<Model<Output>>,
 * }} ModelClass
 */

/**
 * A class of models with this head; those of architectures are other names of it.
 * @param {Auto} auto
 * @returns {any}
 */
const withHead = (auto) => class extends PreTrainedModel {
  static auto = auto;
};

/** @type {ModelClass<BaseOutput>} */
export const AutoModel = withHead('AutoModel');
/** @type {ModelClass<LogitsOutput>} */
export const AutoModelForSequenceClassification = withHead('AutoModelForSequenceClassification');
/** @type {ModelClass<LogitsOutput>} */
export const AutoModelForTokenClassification = withHead('AutoModelForTokenClassification');
/** @type {ModelClass<SpanOutput>} */
export const AutoModelForQuestionAnswering = withHead('AutoModelForQuestionAnswering');
/** @type {ModelClass<LogitsOutput>} */
export const AutoModelForMultipleChoice = withHead('AutoModelForMultipleChoice');
/** @type {ModelClass<LogitsOutput>} */
export const AutoModelForMaskedLM = withHead('AutoModelForMaskedLM');

/**
 * @param {{prototype: object}} kind
 * @param {() => Promise<PlainModel>} open gives the model of the package
 * @param {Pick<PlainModel, 'config' | 'model'>} known what is known of it before
 * @returns {Model<any>}
 */
export function modelOver(kind, open, { config, model }) {
  return /** @type {any} */ (callable(kind, async (/** @type {any} */ inputs, /** @type {any} */ options) => {
    const outputs = await (await open())(await inputsOf(inputs), options);
    return Object.fromEntries(Object.entries(outputs).map(([name, output]) =>
      [name, Array.isArray(output) ? output.map(Tensor.from) : Tensor.from(output)]));
  }, { ...model, config: new PretrainedConfig(config), dispose: async () => (await open()).dispose() }));
}

/** The inputs when they are there, without positions, which a model counts itself. @param {any} inputs */
async function inputsOf(inputs) {
  const columns = await Promise.all(Object.entries(await inputs ?? {}).map(async ([name, ids]) => [name, await ids]));
  const { position_ids, ...others } = Object.fromEntries(columns);
  const rows = position_ids instanceof Tensor ? position_ids.tolist() : position_ids;
  const counts = (/** @type {any[]} */ row) => row.every((position, place) => Number(position) === place);
  if (rows === undefined || (Array.isArray(rows) && rows.every(counts))) return others;
  throw new HeadwiseError('input', 'position_ids have to count from 0 in each row: others cannot be given to a model.',
    { supported: ['0, 1, 2, …', 'no position_ids'] });
}
