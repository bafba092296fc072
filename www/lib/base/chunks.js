/**
 * Streams read into the same memory again and again. What a stream hands out by itself is new memory for
 * each chunk, and engines collect that late: hundreds of megabytes during one download.
 */

/**
 * Bytes in memory that is not shared: in TypeScript 5.4 the type of all bytes, in newer ones one of its own.
 * @typedef {ReturnType<typeof Uint8Array.of>} Bytes
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
   * @returns {Promise<Bytes | undefined>}
   */
  async read() {
    if (!this.#buffer) {
      const reader = /** @type {ReadableStreamDefaultReader<Bytes>} */ (this.#reader);
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

/**
 * Reads a whole body, of the length that is expected.
 * @param {ReadableStream<Uint8Array>} body
 * @param {ArrayBuffer} buffer of that length; it is detached, and comes back with the bytes
 * @returns {Promise<Bytes | undefined>} nothing for a body of another length
 */
export async function readInto(body, buffer) {
  const length = buffer.byteLength;
  /** @type {ReadableStreamBYOBReader} */
  let reader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    return bytes.length === length ? bytes : undefined;
  }
  for (let filled = 0; filled < length;) {
    const { done, value } = await reader.read(new Uint8Array(buffer, filled));
    if (done || !value) return undefined;
    buffer = value.buffer;
    filled += value.length;
  }
  const { done } = await reader.read(new Uint8Array(1));
  return done ? new Uint8Array(buffer) : undefined;
}
