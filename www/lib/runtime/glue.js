/** The types of what is used of the generated module, and of what it gives. */

export {};

/**
 * What is used of the generated module.
 * @typedef {object} Glue
 * @property {(task: string, asked: Record<string, Uint8Array | undefined>) => string[]} small_files names, within a
 *   model's folder, of the small files to look for, the encoder's configuration before any other; `asked` are those that
 *   were looked for
 * @property {() => void} __wbg_reset_state begins anew with another instance of the same module
 * @property {new (files: Record<string, Uint8Array>, options: LoaderOptions & ({task: string} | {head: string})) => Loader} Loader
 *   of a pipeline, or with a head of a model without its tokenizer
 * @property {new (files: Record<string, Uint8Array>) => TextTokenizer} TextTokenizer
 * @property {new () => import('../base/verify.js').Sha256} Sha256
 * @property {() => {message: string, tokenizer: boolean} | undefined} take_panic the last panic, once, and whether it
 *   came from within a tokenizer
 */

/**
 * `convert`: whether the model is also to be given in the precision of the load, as one file.
 * @typedef {object} LoaderOptions
 * @property {Dtype | 'auto'} [dtype]
 * @property {number} [max_memory]
 * @property {NewHead} [new_head]
 * @property {boolean} [convert]
 */

/**
 * A head to be trained: its labels, and what decides its random numbers (0 by default).
 * @typedef {{labels: string[], seed?: number}} NewHead
 */

/** @typedef {(options: {module: WebAssembly.Module}) => unknown} Init */

/**
 * A model that arrives.
 * @typedef {object} Loader
 * @property {string[]} files names of the files with its weights
 * @property {(file: number, chunk: Uint8Array) => void} push the next bytes of one of them, by its place there
 * @property {(file: number) => number | undefined} file_bytes its length, known once its header has arrived
 * @property {number | undefined} converted_bytes length of the file that `take_converted` gives, known once all
 *   headers have arrived; undefined where that would not be smaller
 * @property {() => Uint8Array | undefined} take_converted what has come since the last call of a `model.safetensors`
 *   that loads to the same model
 * @property {() => TextPipeline | BareModel} finish consumes the loader
 * @property {() => void} free
 */

/** What can be in the engine's memory. @typedef {TextPipeline | BareModel | TextTokenizer} Held */

/**
 * A model for a task, with its tokenizer.
 * @typedef {object} TextPipeline
 * @property {ModelInfo & {task: string}} info
 * @property {(inputs: (string | object)[], options: Record<string, unknown>) =>
 *   Run<{results: unknown[], inputs: InputInfo[]}>} start
 * @property {() => void} free
 */

/**
 * One request, computed slice by slice.
 * @template T
 * @typedef {object} Run
 * @property {() => boolean} step computes a slice; true when nothing is left
 * @property {() => T} finish consumes the run
 * @property {() => void} free
 */

/**
 * An encoder with a head or without, for token ids.
 * @typedef {object} BareModel
 * @property {ModelInfo} info
 * @property {(rows: ModelRows, options: {output_hidden_states?: boolean, output_attentions?: boolean}) =>
 *   Run<Record<string, Numbers | Numbers[]>>} start
 * @property {() => void} free
 */

/**
 * Ids `[rows, length]`, row after row; with `choices`, so many rows belong together. The mask is 0 where there is
 * padding.
 * @typedef {{length: number, choices: number, input_ids: Uint32Array, attention_mask?: Uint32Array,
 *   token_type_ids?: Uint32Array}} ModelRows
 */

/** @typedef {{dims: number[], data: Float32Array}} Numbers */

/**
 * @typedef {object} TextTokenizer
 * @property {TokenizerInfo} info
 * @property {(inputs: {text: string, text_pair?: string}[], options: {truncation?: false | Truncation,
 *   max_length?: number, add_special_tokens?: boolean}) => {input_ids: number[], token_type_ids: number[]}[]} encode
 * @property {(ids: Uint32Array, skip_special_tokens: boolean) => string} decode
 * @property {() => string[]} vocabulary the tokens by their ids, with a hole where an id has none
 * @property {() => void} free
 */

/** Which text of a pair gives way. @typedef {'longest_first' | 'only_first' | 'only_second'} Truncation */

/**
 * `model_max_length` is `null` where no limit is known; `token_type_ids` tells whether the model reads them.
 * @typedef {object} TokenizerInfo
 * @property {number | null} model_max_length
 * @property {'left' | 'right'} padding_side
 * @property {boolean} token_type_ids
 * @property {boolean} empty_pairs whether an empty string by itself is a second text, as in Python's slow tokenizers
 * @property {Record<'cls' | 'mask' | 'pad' | 'sep' | 'unk', {id: number, token: string} | null>} special
 * @property {string[]} warnings as of a model
 */

/** From logits to scores. @typedef {'softmax' | 'sigmoid' | 'none'} ScoreFunction */

/** How weights are held. @typedef {'fp32' | 'fp16' | 'q8'} Dtype */

/**
 * How an input was read. `tokens` counts the special ones too; `text_end` and `text_pair_end` are
 * offsets into the strings, where the part that was used ends.
 * @typedef {{tokens: number, truncated: boolean, text_end: number, text_pair_end?: number}} InputInfo
 */

/**
 * What was loaded. `labels` are those of a classifier; `memory` is bytes of weights; `head.stated` is the head that the
 * configuration names, `head.new` are tensors that were drawn, not trained; `ignored` are tensors of other heads and
 * buffers.
 * @typedef {object} ModelInfo
 * @property {string} model_type
 * @property {string | null} architecture
 * @property {string[]} labels
 * @property {string | null} problem_type
 * @property {ScoreFunction | null} function_to_apply of a classifier of texts
 * @property {number} max_length in tokens
 * @property {string | null} mask_token what stands in a text for a word to be guessed
 * @property {import('./variants.js').Variant} variant
 * @property {Dtype} dtype
 * @property {'asked' | 'file' | 'memory'} dtype_reason why: it was asked for, it keeps the numbers of the file,
 *   or a larger one would not fit into memory
 * @property {string} kernel the multiplication that the build and `dtype` come down to
 * @property {number} parameters
 * @property {number} memory
 * @property {{tensors: number, parameters: number}} encoder
 * @property {{kind: string, stated: string | null, tensors: string[], new: string[], parameters: number}} head
 * @property {string[]} ignored
 * @property {string[]} unexpected
 * @property {string[]} warnings what is left aside of the model's files, or read otherwise than it stands there
 */
