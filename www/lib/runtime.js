/**
 * The WASM instance of a thread: opened once, and closed for ever by a crash.
 *
 * The generated glue holds its instance in the module, so everything in one thread shares it. After a
 * trap its memory cannot be trusted, hence all calls go through here, where the trap is remembered.
 */

import { HeadwiseError, fromWire } from './errors.js';

/**
 * What is used of the generated module.
 * @typedef {object} Glue
 * @property {new (files: Record<string, Uint8Array>) => Loader} Loader
 * @property {() => string | undefined} take_panic the text of the last panic, once
 */

/** @typedef {(options: {module_or_path?: string}) => Promise<unknown>} Init */

/**
 * A model that arrives.
 * @typedef {object} Loader
 * @property {(chunk: Uint8Array) => void} push the next bytes of model.safetensors
 * @property {number | undefined} total length of that file, known once its header has arrived
 * @property {() => TextClassifier} finish consumes the loader
 * @property {() => void} free
 */

/**
 * @typedef {object} TextClassifier
 * @property {ModelInfo} info
 * @property {(inputs: TextPair[], options: RunOptions) => Run} start
 * @property {() => void} free
 */

/**
 * One request, computed slice by slice.
 * @typedef {object} Run
 * @property {() => boolean} step computes a slice; true when nothing is left
 * @property {() => {results: Classification[][], inputs: InputInfo[]}} finish consumes the run
 * @property {() => void} free
 */

/** @typedef {{text: string, text_pair?: string}} TextPair */
/** @typedef {{label: string, score: number}} Classification */
/** @typedef {Omit<import('./options.js').ClassifyOptions, 'signal'>} RunOptions */

/**
 * How an input was read. `tokens` counts the special ones too; `text_end` and `text_pair_end` are
 * offsets into the strings, where the part that was used ends.
 * @typedef {{tokens: number, truncated: boolean, text_end: number, text_pair_end?: number}} InputInfo
 */

/**
 * What was loaded. `memory` is bytes of weights; `ignored` are tensors of other heads and buffers.
 * @typedef {object} ModelInfo
 * @property {string} model_type
 * @property {string | null} architecture
 * @property {string[]} labels
 * @property {string | null} problem_type
 * @property {'softmax' | 'sigmoid' | 'none'} function_to_apply
 * @property {number} max_length in tokens
 * @property {'fp32'} dtype
 * @property {number} parameters
 * @property {number} memory
 * @property {{tensors: number, parameters: number}} encoder
 * @property {{tensors: string[], parameters: number}} head
 * @property {string[]} ignored
 * @property {string[]} unexpected
 */

/** The WASM instance of this thread, and the only way to call it. */
export class Runtime {
  #init;
  #glue;
  /** @type {HeadwiseError | undefined} */
  #crash;

  /**
   * @param {Init} init the default export of the generated module
   * @param {Glue} glue its other exports
   */
  constructor(init, glue) {
    this.#init = init;
    this.#glue = glue;
  }

  /**
   * Fetches and compiles the WASM module; the glue does it only the first time.
   * @param {string} [wasmUrl] by default the file beside the generated module
   */
  async open(wasmUrl) {
    try {
      await this.#init({ module_or_path: wasmUrl });
    } catch (error) {
      throw new HeadwiseError('crashed', `The WebAssembly module could not be started (${error}).`, {},
        { cause: error });
    }
  }

  /**
   * Calls into WASM. Errors with a code are answers; any other is a trap and the end of the instance.
   * @template T
   * @param {(glue: Glue) => T} use
   * @returns {T}
   */
  call(use) {
    if (this.#crash) throw this.#crash;
    try {
      return use(this.#glue);
    } catch (error) {
      if (typeof (/** @type {any} */ (error)?.code) === 'string') throw fromWire(/** @type {any} */ (error));
      const panic = this.#glue.take_panic() ?? String(error);
      this.#crash = new HeadwiseError('crashed', `The engine crashed and its model is lost: ${panic}`, { panic });
      throw this.#crash;
    }
  }

  /**
   * Gives an object's memory back, unless the crash took it.
   * @param {{free(): void} | undefined} object
   */
  free(object) {
    if (!this.#crash) object?.free();
  }
}
