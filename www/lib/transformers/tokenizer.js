/**
 * Tokenizers with the methods of transformers.js, over those of the package. What is a value there is a promise here, since
 * the engine may be in a worker; models take such promises as they are.
 */

import { HeadwiseError } from '../errors.js';
import { Callable, callable } from './callable.js';
import { loadFirst } from './load.js';
import { promised } from './promised.js';
import { Tensor } from './tensor.js';
import { withKnown } from './tolerant.js';
import { headwise } from './face.js';

/** @typedef {import('../tokenizer.js').Tokenizer} PlainTokenizer */
/** @typedef {import('../tokenizer.js').TokenizerOptions} TokenizerOptions */
/** @typedef {Record<'input_ids' | 'attention_mask', Tensor> & {token_type_ids?: Tensor}} Encoding */
/** @typedef {{skip_special_tokens?: boolean, clean_up_tokenization_spaces?: boolean}} DecodeOptions */

/** Roles of special tokens. */
const ROLES = /** @type {const} */ (['cls', 'mask', 'pad', 'sep', 'unk']);

/**
 * The call and the methods of a tokenizer.
 * @typedef {{
 *   <Given extends string | readonly string[]>(text: Given, options: TokenizerOptions & {return_tensor: false}):
 *     Promise<import('../tokenizer.js').EncodingLists<Given>>,
 *   (text: string | readonly string[], options?: TokenizerOptions): Promise<Encoding>,
 * } & {
 *   encode(text: string, options?: {text_pair?: string | null, add_special_tokens?: boolean,
 *     return_token_type_ids?: boolean | null}): Promise<number[]>,
 *   tokenize(text: string, options?: {pair?: string | null, add_special_tokens?: boolean}): Promise<string[]>,
 *   decode(ids: any, options?: DecodeOptions): Promise<string>,
 *   batch_decode(ids: any, options?: DecodeOptions): Promise<string[]>,
 *   get_vocab(): Promise<Map<string, number>>,
 *   convert_tokens_to_ids<T extends string | readonly string[]>(tokens: T): Promise<T extends string ? number : number[]>,
 *   convert_ids_to_tokens(ids: any): Promise<string[]>,
 *   model: Pick<Tokenizer, 'convert_tokens_to_ids' | 'convert_ids_to_tokens'>,
 *   all_special_ids: number[], all_special_tokens: string[],
 *   dispose(): Promise<void>,
 * } & Partial<Omit<PlainTokenizer, 'decode' | 'batch_decode' | 'get_vocab'>>} Tokenizer
 */

/** Every tokenizer: its files say which it is. */
export class PreTrainedTokenizer extends /** @type {new () => Tokenizer} */ (Callable) {
  /**
   * @param {import('./load.js').ModelReference} model
   * @param {import('./load.js').LoadOptions} [options]
   * @returns {Promise<PreTrainedTokenizer>}
   */
  static async from_pretrained(model, options) {
    const plain = await loadFirst(model, options, headwise.AutoTokenizer.from_pretrained);
    return tokenizerOver(async () => plain, plain);
  }
}

/**
 * @param {() => Promise<PlainTokenizer>} open gives the tokenizer of the package
 * @param {Partial<PlainTokenizer>} known what is known of it before
 * @returns {PreTrainedTokenizer}
 */
export function tokenizerOver(open, known) {
  const { encodeAll, ...methods } = methodsOver(open);
  /** @param {string} name @param {(...args: any[]) => Promise<unknown>} method */
  const hinted = (name, method) => (/** @type {any[]} */ ...args) => promised(`${name}(…)`, method(...args));
  const named = Object.fromEntries(Object.entries(methods).map(([name, method]) =>
    [name, hinted(`tokenizer.${name}`, method)]));
  return /** @type {any} */ (callable(PreTrainedTokenizer, hinted('tokenizer', encodeAll), {
    ...propertiesOf(known),
    ...named,
    model: named,
    apply_chat_template() {
      throw new HeadwiseError('task', 'Headwise classifies text: there are no chats.', { supported: ['tokenizer(text)'] });
    },
    dispose: async () => (await open()).dispose(),
  }));
}

/** What a tokenizer can be asked. @param {() => Promise<PlainTokenizer>} open */
function methodsOver(open) {
  /** @type {Promise<{ids: Map<string, number>, tokens: Map<number, string>}> | undefined} */
  let vocabulary;
  const readVocabulary = async () => {
    const ids = await (await open()).get_vocab();
    return { ids, tokens: new Map([...ids].map(([token, id]) => [id, token])) };
  };
  const words = () => vocabulary ??= readVocabulary().catch((error) => {
    vocabulary = undefined;
    throw error;
  });

  /** @param {string | readonly string[]} text @param {TokenizerOptions} [options] @returns {Promise<any>} */
  async function encodeAll(text, options = {}) {
    const tokenizer = await open();
    const columns = Object.entries(await withKnown(options, (given) => tokenizer(text, given)));
    return Object.fromEntries(columns.map(([name, ids]) => [name, options.return_tensor === false ? ids : Tensor.from(ids)]));
  }

  /** @param {string} text @param {TokenizerOptions} [options] @returns {Promise<number[]>} */
  async function encode(text, options) {
    return (await encodeAll(text, { ...options, return_tensor: false })).input_ids;
  }

  return {
    encodeAll,
    encode,
    /** @param {string} text @param {{pair?: string | null, add_special_tokens?: boolean}} [options] */
    async tokenize(text, { pair: text_pair, add_special_tokens = false } = {}) {
      const { tokens } = await words();
      return (await encode(text, { text_pair, add_special_tokens })).map((id) => tokens.get(id));
    },
    /** @param {any} ids @param {DecodeOptions} [options] */
    async decode(ids, { skip_special_tokens } = {}) {
      const given = await ids;
      // A row by itself is a sequence, too.
      const sequence = given instanceof Tensor && given.dims[0] === 1 ? given.flatten() : given;
      return (await open()).decode(sequence, { skip_special_tokens });
    },
    /** @param {any} ids @param {DecodeOptions} [options] */
    async batch_decode(ids, { skip_special_tokens } = {}) {
      return (await open()).batch_decode(await ids, { skip_special_tokens });
    },
    async get_vocab() {
      return (await words()).ids;
    },
    /** @param {any} tokens */
    async convert_tokens_to_ids(tokens) {
      const [given, { ids }, { unk_token_id }] = await Promise.all([tokens, words(), open()]);
      const idOf = (/** @type {string} */ token) => ids.get(token) ?? unk_token_id;
      return typeof given === 'string' ? idOf(given) : given.map(idOf);
    },
    /** @param {any} ids */
    async convert_ids_to_tokens(ids) {
      const [given, { tokens }] = await Promise.all([ids, words()]);
      return Array.from(given instanceof Tensor ? given.data : [given].flat(), (id) => tokens.get(Number(id)));
    },
  };
}

/** What is known of a tokenizer without asking. @param {any} known */
function propertiesOf(known) {
  const names = ['model_max_length', 'padding_side', ...ROLES.flatMap((role) => [`${role}_token`, `${role}_token_id`])];
  const special = ROLES.filter((role) => known[`${role}_token`] != null);
  return {
    ...Object.fromEntries(names.filter((name) => name in known).map((name) => [name, known[name]])),
    all_special_tokens: special.map((role) => known[`${role}_token`]),
    all_special_ids: special.map((role) => known[`${role}_token_id`]),
  };
}
