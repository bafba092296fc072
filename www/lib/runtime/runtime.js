/**
 * The WASM instance of a thread, and the next one after a trap.
 *
 * The generated glue holds its instance in the module, so everything in one thread shares it, and loses with it what
 * it has loaded. All calls go through here, where the trap is remembered; `engine.js` loads again.
 */

import { HeadwiseError, fromWire } from '../errors.js';
import { compileError, fetchModule, isModule } from './modules.js';
import { pickVariant } from './variants.js';

/** @typedef {import('./glue.js').Glue} Glue */

/** What of the generated module runs in this thread: one instance after the other, as each ends with a trap. */
export class Runtime {
  #init;
  #glue;
  #moduleAt;
  /** @type {Instance | undefined} */
  #instance;
  /** @type {Promise<void> | undefined} */
  #started;
  /** The build that runs in this thread, once one was asked for. @type {import('./variants.js').Variant | undefined} */
  #variant;

  /**
   * @param {import('./glue.js').Init} init starts an instance of the generated module
   * @param {Glue} glue what calls it
   * @param {(url: string) => Promise<WebAssembly.Module>} [moduleAt]
   */
  constructor(init, glue, moduleAt = fetchModule) {
    this.#init = init;
    this.#glue = glue;
    this.#moduleAt = moduleAt;
  }

  /**
   * The instance that can be called. A WASM module is fetched and compiled only the first time.
   * @param {{variant?: import('./variants.js').Variant | 'auto', wasm: import('./modules.js').Modules}} options
   * @returns {Promise<Instance>}
   */
  async open({ variant = 'auto', wasm }) {
    const offered = Object.keys(wasm);
    if (variant !== 'auto' && !offered.includes(variant)) {
      throw new HeadwiseError('option', `“wasm” has no module for the variant “${variant}”.`, { option: 'wasm', supported: offered });
    }
    const picked = variant === 'auto' && this.#variant ? this.#variant : pickVariant(variant, undefined, offered);
    if (this.#variant && this.#variant !== picked) {
      throw new HeadwiseError('option', `The variant “${this.#variant}” already runs in this thread, which can hold `
        + 'only one. Load the other model in a worker.', { option: 'variant', supported: ['auto', this.#variant] });
    }
    this.#variant = picked;
    try {
      await (this.#started ??= this.#start(/** @type {string | WebAssembly.Module} */ (wasm[picked])));
      if (this.#instance?.ended) this.#glue.__wbg_reset_state();
    } catch (failure) {
      const error = failure instanceof HeadwiseError ? failure : compileError(failure);
      this.#started = undefined;
      if (!this.#instance) this.#variant = undefined;
      if (error instanceof HeadwiseError) throw error;
      throw new HeadwiseError('crashed', `The WebAssembly module could not be started (${error}).`, {},
        { cause: error });
    }
    if (!this.#instance || this.#instance.ended) this.#instance = new Instance(this.#glue, picked);
    return this.#instance;
  }

  /** @param {string | WebAssembly.Module} place */
  async #start(place) {
    this.#init({ module: isModule(place) ? place : await this.#moduleAt(place) });
  }
}

/** An instance of the module, and the only way to call it. After a trap its memory cannot be trusted. */
export class Instance {
  /** Whether it has trapped. */
  ended = false;
  #glue;

  /**
   * @param {Glue} glue
   * @param {import('./variants.js').Variant} variant the build that it is of
   */
  constructor(glue, variant) {
    this.#glue = glue;
    this.variant = variant;
  }

  /**
   * Calls into WASM. Errors with a code are answers; any other is a trap, the end of the instance for everybody.
   * @template T
   * @param {(glue: Glue) => T} use
   * @returns {T}
   */
  call(use) {
    if (this.ended) throw new HeadwiseError('crashed', 'Another call crashed the engine.', { elsewhere: true });
    try {
      return use(this.#glue);
    } catch (error) {
      if (typeof (/** @type {any} */ (error)?.code) === 'string') throw fromWire(/** @type {any} */ (error));
      this.ended = true;
      throw trapError(this.#glue.take_panic(), error);
    }
  }

  /**
   * A SHA-256 to be fed.
   * @returns {import('../base/verify.js').Sha256}
   */
  sha256() {
    const hash = this.call((glue) => new glue.Sha256());
    return {
      update: (chunk) => this.call(() => hash.update(chunk)),
      digest: () => this.call(() => hash.digest()),
      free: () => this.free(hash),
    };
  }

  /**
   * Gives an object's memory back, unless a trap took it.
   * @param {{free(): void} | undefined} object
   */
  free(object) {
    if (!this.ended) object?.free();
  }
}

/**
 * @param {ReturnType<Glue['take_panic']>} panic
 * @param {unknown} error what was thrown
 */
function trapError(panic, error) {
  const words = panic?.message ?? String(error);
  // Only where memory cannot be had does Rust end without a panic.
  if (!panic && /unreachable/i.test(words)) {
    return new HeadwiseError('out-of-memory', `There is not enough memory for this call (${words}).`, { panic: words });
  }
  return panic?.tokenizer
    ? new HeadwiseError('tokenizer', `The tokenizer cannot do this; it panicked: ${words}`, { panic: words })
    : new HeadwiseError('crashed', `The engine crashed at this call: ${words}`, { panic: words });
}
