/**
 * A stream read into the same memory again and again. What a stream hands out by itself is new memory for
 * each chunk, and engines collect that late: hundreds of megabytes during one download.
 */

/** Bytes of that memory. */
const CHUNK = 1 << 18;

/** Reads the body of an answer. */
export class ChunkReader {
  #reader;
  /** Where the next chunk goes; while one is read, the stream has it. `undefined` if the stream brings its own. */
  #buffer;

  /** @param {ReadableStream<Uint8Array>} body */
  constructor(body) {
    try {
      this.#reader = body.getReader({ mode: 'byob' });
      this.#buffer = new ArrayBuffer(CHUNK);
    } catch {
      this.#reader = body.getReader(); // not a stream of bytes, as an application's own may be
    }
  }

  /**
   * The next bytes, until the next call; `undefined` after the last ones.
   * @returns {Promise<Uint8Array<ArrayBuffer> | undefined>}
   */
  async read() {
    if (!this.#buffer) {
      const reader = /** @type {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>} */ (this.#reader);
      return (await reader.read()).value;
    }
    const reader = /** @type {ReadableStreamBYOBReader} */ (this.#reader);
    const { done, value } = await reader.read(new Uint8Array(this.#buffer));
    if (done || !value) return undefined;
    this.#buffer = value.buffer;
    return value;
  }

  /** Ends the connection. */
  cancel() {
    this.#reader.cancel().catch(() => {});
  }
}
