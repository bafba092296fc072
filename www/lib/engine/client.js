/**
 * The side of the protocol that asks: sends requests to an engine and settles their promises.
 */

import { unlessAborted } from '../base/abort.js';
import { HeadwiseError, disposed, fromWire, toWire } from '../errors.js';
import { Watch } from './liveness.js';

/**
 * @typedef {object} Pending
 * @property {(value: any) => void} resolve
 * @property {(error: HeadwiseError) => void} reject
 * @property {((event: any) => void) | undefined} onProgress
 */

/**
 * @typedef {object} RequestOptions
 * @property {import('../base/abort.js').Signals} [signals] abort it
 * @property {((event: any) => void) | null} [onProgress]
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
  /** Of a worker, by which it is known to live. @type {string | undefined} */
  #lock;
  /** @type {Watch | undefined} */
  #watch;

  /** @param {import('./protocol.js').Connection} connection */
  constructor({ port, close }) {
    this.#port = port;
    this.#close = close;
    const target = /** @type {EventTarget} */ (port);
    target.addEventListener('message', (event) => this.#receive(/** @type {MessageEvent} */ (event).data));
    target.addEventListener('error', (event) => this.#end(this.#workerError(/** @type {ErrorEvent} */ (event))));
    target.addEventListener('messageerror', () => this.#end(lost('a message from it could not be read.')));
    if ('start' in port) port.start();
    if (!('terminate' in port)) return;
    this.#lock = `headwise ${Math.random()}`;
    this.#watch = new Watch(this.#lock, () => this.#post('ping'), () => this.#end(lost('it was terminated, or ran out of memory.')));
  }

  /** Whether there is no engine any more. */
  get ended() {
    return this.#ended !== undefined;
  }

  /**
   * Asks the engine for something.
   * @param {string} verb
   * @param {object} body plain data
   * @param {RequestOptions} [options]
   * @returns {Promise<any>}
   */
  async request(verb, body, { signals = [], onProgress } = {}) {
    if (this.#ended) throw fromWire(this.#ended);
    /** @type {number} */
    let id;
    const start = () => new Promise((resolve, reject) => {
      id = this.#post(verb, body);
      this.#pending.set(id, { resolve, reject, onProgress: onProgress ?? undefined });
      this.#watch?.wait();
    });
    return unlessAborted(signals, start, () => {
      this.#settle(id);
      this.#port.postMessage({ id, verb: 'abort' });
    });
  }

  /** Returns the number of the request. @param {string} verb @param {object} [body] */
  #post(verb, body) {
    const id = ++this.#lastId;
    this.#port.postMessage({ id, verb, lock: this.#lock, ...body });
    return id;
  }

  /** Ends the engine and fails what is pending; a second time does nothing. */
  dispose() {
    this.#end(disposed());
  }

  /** @param {import('./protocol.js').Reply} reply */
  #receive(reply) {
    this.#watch?.heard();
    if (this.#pending.size > 0) this.#watch?.wait();
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
    if (this.#pending.size === 0) this.#watch?.stop();
    return pending;
  }

  /** @param {HeadwiseError} error */
  #end(error) {
    if (this.#ended) return;
    this.#ended = toWire(error);
    this.#watch?.stop();
    this.#close();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(fromWire(this.#ended));
  }

  /** @param {ErrorEvent} event */
  #workerError({ message, filename, lineno }) {
    if (this.#watch?.alive) return lost(message, { filename, lineno });
    // An event without a message means that the script did not even load.
    return message
      ? new HeadwiseError('crashed', `The worker died: ${message}`, { filename, lineno })
      : new HeadwiseError('crashed', 'The worker could not be started: its script cannot be loaded.');
  }
}

/** @param {string} why @param {Record<string, unknown>} [details] */
function lost(why, details) {
  return new HeadwiseError('worker-lost', `The worker is gone: ${why}`, details);
}
