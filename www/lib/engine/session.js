/**
 * An engine with what it has loaded, for as long as somebody uses it. One that is lost is replaced at the next call, by
 * another that loads the same.
 */

import { unlessAborted } from '../base/abort.js';
import { disposed } from '../errors.js';

/** @typedef {import('./client.js').Client} Client */
/** @typedef {import('../source/progress.js').ProgressEvent} ProgressEvent */

/**
 * What a user has of it.
 * @typedef {object} User
 * @property {any} info what the engine says of what it loaded
 * @property {Client['request']} request
 * @property {() => void} dispose fails what is pending; a second time does nothing
 */

/**
 * Starts an engine and loads: for the first time, or the same as `before`.
 * @typedef {(signal: AbortSignal, report: (event: ProgressEvent) => void, before?: any) =>
 *   Promise<{client: Client, info: any}>} Start
 */

export class Session {
  #start;
  #onEnd;
  #users = 0;
  /** Who wants to know how loading goes. @type {Set<((event: ProgressEvent) => void) | undefined>} */
  #listeners = new Set();
  #ended = new AbortController();
  /** The engine that there is, or was. @type {Promise<{client: Client, info: any}> | undefined} */
  #first;
  /** @type {Client | undefined} */
  #client;
  /** One that is to take its place. @type {Promise<Client> | undefined} */
  #next;

  /**
   * @param {Start} start
   * @param {() => void} onEnd called when nobody uses it any more
   */
  constructor(start, onEnd = () => {}) {
    this.#start = start;
    this.#onEnd = onEnd;
  }

  /**
   * Resolves when it is loaded.
   * @param {{signal?: AbortSignal, progress_callback?: (event: ProgressEvent) => void}} options
   * @returns {Promise<User>}
   */
  async join({ signal, progress_callback }) {
    const left = new AbortController();
    const dispose = () => {
      if (left.signal.aborted) return;
      left.abort(disposed());
      this.#users -= 1;
      if (this.#users === 0) this.#end();
    };
    this.#users += 1;
    this.#listeners.add(progress_callback);
    try {
      const { info } = await unlessAborted([signal], () => (this.#first ??= this.#open()));
      return {
        info,
        dispose,
        request: (verb, body, { signals = [], ...options } = {}) =>
          this.#request(verb, body, { ...options, signals: [...signals, left.signal] }),
      };
    } catch (error) {
      dispose();
      throw error;
    } finally {
      this.#listeners.delete(progress_callback);
    }
  }

  async #open() {
    const report = (/** @type {ProgressEvent} */ event) => this.#listeners.forEach((listener) => listener?.(event));
    const started = await this.#start(this.#ended.signal, report);
    this.#client = started.client;
    return started;
  }

  /** @type {Client['request']} */
  async #request(verb, body, options) {
    const client = /** @type {Client} */ (this.#client);
    if (!client.ended) return client.request(verb, body, options);
    const next = await unlessAborted(options?.signals ?? [], () => (this.#next ??= this.#replace()));
    return next.request(verb, body, options);
  }

  async #replace() {
    try {
      const { info } = await /** @type {Promise<{info: any}>} */ (this.#first);
      const { client } = await this.#start(this.#ended.signal, () => {}, info);
      return this.#client = client;
    } finally {
      this.#next = undefined;
    }
  }

  #end() {
    this.#ended.abort(disposed());
    this.#client?.dispose();
    this.#onEnd();
  }
}
