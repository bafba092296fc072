/**
 * Who computes next. One thread serves several requests slice by slice: before each slice the most urgent one gets the
 * turn, among equals the one that came first. `engine.js` asks for a turn for whatever takes time.
 */

import { PRIORITIES } from '../base/calls.js';

/**
 * What wants turns; `id` counts requests in the order in which they came, `ms` adds up what its turns took.
 * @typedef {{id: number, priority: import('../base/calls.js').Priority, signal: AbortSignal, ms: number}} Asker
 */

/** @typedef {{asker: Asker, go: () => void, reject: (reason: unknown) => void}} Waiting */

export class Turns {
  /** @type {Set<Waiting>} */
  #waiting = new Set();
  #going = false;

  /**
   * Works when it is the asker's turn; rejects with the reason of its signal, if that is aborted before.
   * @template T
   * @param {Asker} asker
   * @param {() => T} work
   * @returns {Promise<T>}
   */
  take(asker, work) {
    return new Promise((resolve, reject) => {
      const go = () => {
        const started = performance.now();
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
        asker.ms += performance.now() - started;
      };
      this.#waiting.add({ asker, go, reject });
      if (!this.#going) this.#go();
    });
  }

  async #go() {
    this.#going = true;
    while (this.#waiting.size > 0) {
      // What has come meanwhile is heard, and who just had a turn may have asked for the next one.
      await macrotask();
      const waiting = [...this.#waiting];
      const next = waiting.find(({ asker }) => asker.signal.aborted) ?? waiting.sort(byUrgency)[0];
      this.#waiting.delete(next);
      if (next.asker.signal.aborted) next.reject(next.asker.signal.reason);
      else next.go();
    }
    this.#going = false;
  }
}

/** @param {Waiting} a @param {Waiting} b */
function byUrgency({ asker: a }, { asker: b }) {
  return PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || a.id - b.id;
}

/**
 * Lets the event loop take its next task. A message does it without the delay that timers have.
 * @returns {Promise<void>}
 */
function macrotask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
