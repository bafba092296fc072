/**
 * Tokenizers with the methods of transformers.js, over those of the package. What is a value there is a promise here, since
 * the engine may be in a worker; models take such promises as they are.
 */

import { HeadwiseError } from '../errors.js';
import { AutoTokenizer as Plain } from '../index.js';
import { Callable, callable } from './callable.js';
import { loadFirst } from './load.js';
import { OF_LISTS, promised } from './promised.js';
import { Tensor } from './tensor.js';

/** @typedef {import('../tokenizer.js').Tokenizer} PlainTokenizer */
/** @typedef {import('../tokenizer.js').TokenizerOptions} TokenizerOptions */
/** @typedef {Record<'input_ids' | 'attention_mask', Tensor> & {token_type_ids?: Tensor}} Encoding */
/** @typedef {{skip_special_tokens?: boolean, clean_up_tokenization_spaces?: boolean}} DecodeOptions */

/** Properties that come with a tokenizer. */
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
 *   model: {convert_tokens_to_ids(tokens: readonly string[]): Promise<number[]>, convert_ids_to_tokens(ids: any): Promise<string[]>},
 *   all_special_ids: number[], all_special_tokens: string[],
 *   dispose(): Promise<void>,
 * } & Partial<Omit<PlainTokenizer, 'decode' | 'batch_decode' | 'get_vocab'>>} Tokenizer
 */

/** Every tokenizer: its files say which it is. Its subclasses' names are others of this one. */
export class PreTrainedTokenizer extends /** @type {new () => Tokenizer} */ (Callable) {
  /**
   * @param {import('./load.js').ModelReference} model
   * @param {import('./load.js').LoadOptions} [options]
   * @returns {Promise<PreTrainedTokenizer>}
   */
  static async from_pretrained(model, options) {
    const plain = await loadFirst(model, options, Plain.from_pretrained);
    return tokenizerOver(async () => plain, plain);
  }
}

/**
 * @param {() => Promise<PlainTokenizer>} open gives the tokenizer of the package
 * @param {Partial<PlainTokenizer>} known what is known of it before
 * @returns {PreTrainedTokenizer}
 */
export function tokenizerOver(open, known) {
  /** @type {Promise<{ids: Map<string, number>, tokens: Map<number, string>}> | undefined} */
  let vocabulary;
  const readVocabulary = async () => {
    const ids = await (await open()).get_vocab();
    return { ids, tokens: new Map([...ids].map(([token, id]) => [id, token])) };
  };
  const words = () => vocabulary ??= readVocabulary();

  /** @param {string | readonly string[]} text @param {TokenizerOptions} [options] @returns {Promise<any>} */
  const encodeAll = async (text, options = {}) => {
    const columns = Object.entries(await (await open())(text, { ...options }));
    return Object.fromEntries(columns.map(([name, ids]) => [name, options.return_tensor === false ? ids : Tensor.from(ids)]));
  };
  /** @param {string} text @param {TokenizerOptions} [options] @returns {Promise<number[]>} */
  const idsOf = async (text, options) => (await encodeAll(text, { ...options, return_tensor: false })).input_ids;
  const convert_ids_to_tokens = (/** @type {any} */ ids) => promised('tokenizer.convert_ids_to_tokens(ids)', OF_LISTS, (async () => {
    const { tokens } = await words();
    return listOf(await ids).map((id) => tokens.get(id));
  })());
  const convert_tokens_to_ids = (/** @type {any} */ tokens) => promised('tokenizer.convert_tokens_to_ids(tokens)', OF_LISTS, (async () => {
    const given = await tokens;
    const { ids } = await words();
    const idOf = (/** @type {string} */ token) => ids.get(token) ?? known.unk_token_id;
    return typeof given === 'string' ? idOf(given) : given.map(idOf);
  })());

  const tokenizer = callable(PreTrainedTokenizer,
    (/** @type {string | readonly string[]} */ text, /** @type {TokenizerOptions} */ options) =>
      promised('tokenizer(text)', ['input_ids', 'attention_mask', 'token_type_ids'], encodeAll(text, options)),
    {
      ...propertiesOf(known),
      encode: (/** @type {string} */ text, /** @type {any} */ { text_pair, add_special_tokens, return_token_type_ids } = {}) =>
        promised('tokenizer.encode(text)', OF_LISTS, idsOf(text, { text_pair, add_special_tokens, return_token_type_ids })),
      tokenize: (/** @type {string} */ text, /** @type {any} */ { pair, add_special_tokens = false } = {}) =>
        promised('tokenizer.tokenize(text)', OF_LISTS, (async () => {
          const { tokens } = await words();
          return (await idsOf(text, { text_pair: pair, add_special_tokens })).map((id) => tokens.get(id));
        })()),
      decode: (/** @type {any} */ ids, /** @type {DecodeOptions} */ { skip_special_tokens } = {}) =>
        promised('tokenizer.decode(ids)', OF_LISTS, (async () => {
          const given = await ids;
          // A row by itself is a sequence, too.
          return (await open()).decode(given instanceof Tensor && given.dims[0] === 1 ? given.flatten() : given, { skip_special_tokens });
        })()),
      batch_decode: (/** @type {any} */ ids, /** @type {DecodeOptions} */ { skip_special_tokens } = {}) =>
        promised('tokenizer.batch_decode(ids)', OF_LISTS, (async () =>
          (await open()).batch_decode(await ids, { skip_special_tokens }))()),
      get_vocab: () => promised('tokenizer.get_vocab()', ['size', 'get', 'has', 'keys', 'entries'], words().then(({ ids }) => ids)),
      convert_tokens_to_ids,
      convert_ids_to_tokens,
      model: { convert_tokens_to_ids, convert_ids_to_tokens },
      apply_chat_template: () => {
        throw new HeadwiseError('task', 'Headwise classifies text: there are no chats.', { supported: ['tokenizer(text)'] });
      },
      dispose: async () => (await open()).dispose(),
    });
  return /** @type {any} */ (tokenizer);
}

/** @param {any} ids @returns {number[]} */
function listOf(ids) {
  return Array.from(ids instanceof Tensor ? ids.data : [ids].flat(), Number);
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
