/**
 * The side of the protocol that asks: sends requests to an engine and settles their promises.
 */

import { HeadwiseError, aborted, fromWire, toWire } from '../errors.js';

/**
 * @typedef {object} Pending
 * @property {(value: any) => void} resolve
 * @property {(error: HeadwiseError) => void} reject
 * @property {((event: import('../source/progress.js').ProgressEvent) => void) | undefined} onProgress
 * @property {() => void} unlisten stops listening to the signal
 */

/** Requests to one engine. Once it is disposed, or its worker has died, every request fails with that. */
export class Client {
  #port;
  #close;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #lastId = 0;
  /** Why there is no engine any more. @type {import('../errors.js').WireError | undefined} */
  #ended;

  /** @param {import('./protocol.js').Connection} connection */
  constructor({ port, close }) {
    this.#port = port;
    this.#close = close;
    const target = /** @type {EventTarget} */ (port);
    target.addEventListener('message', (event) => this.#receive(/** @type {MessageEvent} */ (event).data));
    target.addEventListener('error', (event) => this.#end(workerError(/** @type {ErrorEvent} */ (event))));
    target.addEventListener('messageerror', () => {
      this.#end(new HeadwiseError('crashed', 'A message from the worker could not be read.'));
    });
    if ('start' in port) port.start();
  }

  /**
   * Asks the engine for something.
   * @param {string} verb
   * @param {object} body plain data
   * @param {{signal?: AbortSignal | null, onProgress?: Pending['onProgress']}} [options]
   * @returns {Promise<any>}
   */
  async request(verb, body, { signal, onProgress } = {}) {
    if (this.#ended) throw fromWire(this.#ended);
    if (signal?.aborted) throw aborted(signal.reason);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#port.postMessage({ id, verb: 'abort' });
        this.#settle(id)?.reject(aborted(signal?.reason));
      };
      signal?.addEventListener('abort', onAbort);
      const unlisten = () => signal?.removeEventListener('abort', onAbort);
      this.#pending.set(id, { resolve, reject, onProgress, unlisten });
      this.#port.postMessage({ id, verb, ...body });
    });
  }

  /** Ends the engine and fails what is pending; a second time does nothing. */
  dispose() {
    this.#end(new HeadwiseError('disposed', 'This pipeline, model or tokenizer was disposed.'));
  }

  /** @param {import('./protocol.js').Reply} reply */
  #receive(reply) {
    if ('event' in reply) {
      this.#pending.get(reply.id)?.onProgress?.(reply.progress);
    } else if (reply.ok) {
      this.#settle(reply.id)?.resolve(reply.value);
    } else {
      this.#settle(reply.id)?.reject(fromWire(reply.error));
    }
  }

  /** Takes a request off the list. It may be gone: an aborted one is still answered. @param {number} id */
  #settle(id) {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.unlisten();
    return pending;
  }

  /** @param {HeadwiseError} error */
  #end(error) {
    if (this.#ended) return;
    this.#ended = toWire(error);
    this.#close();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(fromWire(this.#ended));
  }
}

/** @param {ErrorEvent} event */
function workerError({ message, filename, lineno }) {
  // An event without a message means that the script did not even load.
  return message
    ? new HeadwiseError('crashed', `The worker died: ${message}`, { filename, lineno })
    : new HeadwiseError('crashed', 'The worker could not be started: its script cannot be loaded.');
}
