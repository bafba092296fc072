/**
 * A thread of Node as the platform's `Worker`: what `engine/client.js` asks. It keeps the process alive while something is
 * asked of it, and no longer.
 */

/** Milliseconds that an engine has to end by itself, and to give up what it holds. */
const FAREWELL = 1000;

/** @implements {Pick<Worker, 'postMessage' | 'terminate' | 'addEventListener'>} */
export class NodeWorker extends EventTarget {
  #thread;
  /** Requests without an answer. @type {Set<number>} */
  #asked = new Set();

  /** @param {import('node:worker_threads').Worker} thread */
  constructor(thread) {
    super();
    this.#thread = thread;
    thread.unref();
    thread.on('message', (data) => {
      if ('ok' in data) this.#answered(data.id);
      this.dispatchEvent(new MessageEvent('message', { data }));
    });
    thread.on('messageerror', () => this.dispatchEvent(new Event('messageerror')));
    thread.on('error', (error) => this.#died(String(error)));
    thread.on('exit', (code) => this.#died(`it exited with ${code}`));
  }

  /** @param {any} message */
  postMessage(message) {
    const { id, verb } = message;
    if (id !== undefined && verb !== 'abort') this.#asked.add(id);
    if (this.#asked.size > 0) this.#thread.ref();
    this.#thread.postMessage(message);
  }

  terminate() {
    this.#thread.postMessage({ verb: 'dispose' });
    this.#thread.unref();
    setTimeout(() => this.#thread.terminate(), FAREWELL).unref();
  }

  /** @param {number} id */
  #answered(id) {
    this.#asked.delete(id);
    if (this.#asked.size === 0) this.#thread.unref();
  }

  /** @param {string} message */
  #died(message) {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }
}
