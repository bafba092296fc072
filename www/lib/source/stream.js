/**
 * A file as a stream that is pulled: from the network, from the network into the store, or from where it
 * is whole already.
 */

/**
 * What all of them have in common. A stream has to be closed, however it ends.
 * @typedef {object} FileStream
 * @property {number} loaded bytes that have arrived
 * @property {() => Promise<void>} open resolves when it is sure that there is such a file
 * @property {() => Promise<Uint8Array | undefined>} next the next bytes, which are good until the next call;
 *   `undefined` after the last one, when the file has passed its checks
 * @property {() => void} pause gives up what must not wait, until `next`
 * @property {() => void} close
 */

/**
 * The chunks that an iterator gives.
 * @implements {FileStream}
 */
export class ChunkStream {
  loaded = 0;
  #chunks;

  /** @param {AsyncIterator<Uint8Array>} chunks */
  constructor(chunks) {
    this.#chunks = chunks;
  }

  async open() {}

  async next() {
    const { value } = await this.#chunks.next();
    this.loaded += value?.length ?? 0;
    return value;
  }

  pause() {}

  close() {
    this.#chunks.return?.();
  }
}

/**
 * A stream of which is decided when it is needed where it comes from.
 * @implements {FileStream}
 */
export class LateStream {
  #choose;
  /** @type {FileStream | undefined} */
  #stream;

  /** @param {() => Promise<FileStream>} choose */
  constructor(choose) {
    this.#choose = choose;
  }

  get loaded() {
    return this.#stream?.loaded ?? 0;
  }

  async open() {
    this.#stream ??= await this.#choose();
  }

  /** @returns {Promise<Uint8Array | undefined>} */
  async next() {
    await this.open();
    return /** @type {FileStream} */ (this.#stream).next();
  }

  pause() {
    this.#stream?.pause();
  }

  close() {
    this.#stream?.close();
  }
}

/**
 * A download that is kept while it is used, from where an earlier one ended. It is known to exist.
 * @implements {FileStream}
 */
export class KeptDownload extends ChunkStream {
  #download;

  /**
   * @param {import('../fetch/download.js').Download} download
   * @param {import('../store/entries.js').EntryWriter} writer
   * @param {(kept: boolean) => void} onEnd told whether the file has been kept
   */
  constructor(download, writer, onEnd) {
    super(keep(download, writer, onEnd));
    this.#download = download;
  }

  pause() {
    this.#download.pause();
  }

  close() {
    super.close();
    this.#download.close();
  }
}

/**
 * @param {import('../fetch/download.js').Download} download
 * @param {import('../store/entries.js').EntryWriter} writer
 * @param {(kept: boolean) => void} onEnd
 */
async function* keep(download, writer, onEnd) {
  try {
    for await (const chunk of writer.arrived()) {
      await download.take(chunk);
      yield chunk;
    }
    for (let chunk; (chunk = await download.next());) {
      await writer.write(chunk);
      yield chunk;
    }
  } catch (error) {
    // What is wrong must not be gone on with; after a lost connection it may.
    if (/** @type {any} */ (error)?.code === 'integrity') await writer.discard();
    throw error;
  }
  onEnd(await writer.finish());
}

/**
 * All of a stream.
 * @param {FileStream} stream
 * @returns {Promise<Blob>}
 */
export async function blobOf(stream) {
  /** @type {BlobPart[]} */
  const chunks = [];
  try {
    for (let chunk; (chunk = await stream.next());) chunks.push(/** @type {import('../base/chunks.js').Bytes} */ (chunk.slice()));
  } finally {
    stream.close();
  }
  return new Blob(chunks);
}
