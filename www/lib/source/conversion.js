/**
 * The weights as they are held in memory, written to the store while they are loaded: a quarter of the room in
 * `q8`, half of it in `fp16`, and the next start has nothing to convert.
 */

/** @typedef {import('../runtime/glue.js').Dtype} Dtype */
/** @typedef {import('../runtime/glue.js').Loader} Loader */

export class Conversion {
  #files;
  #dtype;
  #instance;
  #loader;
  #source;
  /** @type {import('../store/entries.js').EntryWriter | undefined} */
  #writer;

  /**
   * @param {import('./files.js').ModelFiles} files
   * @param {Dtype} dtype
   * @param {import('../runtime/runtime.js').Instance} instance
   * @param {Loader} loader that was made to convert
   * @param {string[]} source names of the files that are loaded
   */
  constructor(files, dtype, instance, loader, source) {
    this.#files = files;
    this.#dtype = dtype;
    this.#instance = instance;
    this.#loader = loader;
    this.#source = source;
  }

  /** Writes what the loader has converted since the last call. */
  async advance() {
    const ready = this.#instance.call(() => this.#loader.take_converted());
    if (!ready) return;
    const size = /** @type {number} */ (this.#instance.call(() => this.#loader.converted_bytes));
    this.#writer ??= await this.#files.keepConverted(this.#dtype, size, this.#source);
    await this.#writer?.write(ready);
  }

  /** All has been loaded. Resolves to whether it is kept; then the source is not. */
  async finish() {
    const kept = await this.#writer?.finish() ?? false;
    if (kept) await this.#files.dropFetched(this.#source);
    return kept;
  }

  /** The load failed. */
  async discard() {
    await this.#writer?.discard();
  }
}
