/**
 * The side of the protocol that computes: requests come in at a port, one model is loaded and used.
 * It runs in a worker (`worker.js`) or in the calling thread, and cannot tell which.
 *
 * Requests are done one after the other, in the order they came. While one is computed the port is
 * read between slices, so that an `abort` overtakes.
 */

import { HeadwiseError, toWire } from '../errors.js';
import { blobsOf, load } from './load.js';

/**
 * @typedef {import('./protocol.js').Port} Port
 * @typedef {import('./protocol.js').Reply} Reply
 * @typedef {import('./protocol.js').LoadMessage} LoadMessage
 * @typedef {import('./protocol.js').RunMessage} RunMessage
 * @typedef {import('./protocol.js').RequestMessage} RequestMessage
 */

/**
 * Serves requests that come in at `port`.
 * @param {Port} port
 * @param {import('../runtime/runtime.js').Runtime} runtime
 * @param {import('../fetch/request.js').Fetch} [fetch] what fetches the files of models
 */
export function serve(port, runtime, fetch) {
  const engine = new Engine(runtime, (reply) => port.postMessage(reply), fetch);
  port.onmessage = async ({ data }) => {
    if (data.verb === 'abort') return engine.abort(data.id);
    if (data.verb !== 'dispose') return engine.enqueue(data);
    await engine.dispose();
    port.close();
  };
}

class Engine {
  #runtime;
  #reply;
  #fetch;
  /** What was asked to be loaded. @type {LoadMessage | undefined} */
  #wanted;
  /** @type {import('./load.js').Loaded | undefined} */
  #loaded;
  #queue = Promise.resolve();
  /** Requests that are waiting or running. @type {Map<number, AbortController>} */
  #requests = new Map();

  /**
   * @param {import('../runtime/runtime.js').Runtime} runtime
   * @param {(reply: Reply) => void} reply
   * @param {import('../fetch/request.js').Fetch} [fetch]
   */
  constructor(runtime, reply, fetch) {
    this.#runtime = runtime;
    this.#reply = reply;
    this.#fetch = fetch;
  }

  /** @param {RequestMessage} message */
  enqueue(message) {
    const controller = new AbortController();
    this.#requests.set(message.id, controller);
    this.#queue = this.#queue.then(() => this.#answer(message, controller));
  }

  /** @param {number} id */
  abort(id) {
    this.#requests.get(id)?.abort();
  }

  /** Aborts everything and gives the model's memory back. */
  async dispose() {
    for (const controller of this.#requests.values()) controller.abort();
    await this.#queue;
    this.#loaded?.instance?.free(this.#loaded.held);
    this.#loaded = undefined;
  }

  /**
   * @param {RequestMessage} message
   * @param {AbortController} controller
   */
  async #answer(message, controller) {
    const { id } = message;
    try {
      throwIfAborted(controller.signal);
      const value = await this.#doAnyhow(message, controller.signal);
      this.#reply({ id, ok: true, value });
    } catch (error) {
      this.#reply({ id, ok: false, error: toWire(error) });
    } finally {
      // Whatever a failed request still has under way ends with it.
      controller.abort();
      this.#requests.delete(id);
    }
  }

  /**
   * Does what is asked; again, if a request to another engine of this thread crashed the instance meanwhile.
   * @param {RequestMessage} message
   * @param {AbortSignal} signal
   */
  async #doAnyhow(message, signal) {
    for (;;) {
      try {
        await this.#reload(signal);
        return await this.#do(message, signal);
      } catch (error) {
        if (!(error instanceof HeadwiseError && error.details.elsewhere)) throw error;
      }
    }
  }

  /**
   * Loads once more what a crash took, from the same files.
   * @param {AbortSignal} signal
   */
  async #reload(signal) {
    if (!this.#wanted || !this.#loaded?.instance?.ended) return;
    this.#loaded = await load(this.#wanted, {
      runtime: this.#runtime, signal, fetch: this.#fetch, report: () => {}, files: this.#loaded.files.again(signal),
    });
  }

  /**
   * @param {RequestMessage} message
   * @param {AbortSignal} signal
   */
  async #do(message, signal) {
    switch (message.verb) {
      case 'ping': return undefined;
      case 'load': return this.#load(message, signal);
      case 'run': return this.#run(message, signal);
      case 'forward': return this.#compute((model) => model.start(message.rows, message.options), signal);
      case 'encode': return this.#use((tokenizer) => tokenizer.encode(message.inputs, message.options));
      case 'decode': return this.#use((tokenizer) =>
        message.sequences.map((ids) => tokenizer.decode(ids, message.skip_special_tokens)));
      case 'files': return this.#files(signal);
    }
  }

  /**
   * @param {LoadMessage} message
   * @param {AbortSignal} signal
   */
  async #load(message, signal) {
    const { info, files } = this.#loaded = await load(message, {
      runtime: this.#runtime,
      signal,
      fetch: this.#fetch,
      report: (progress) => this.#reply({ id: message.id, event: 'progress', progress }),
    });
    this.#wanted = message;
    return { ...info, commit: files.commit, revision: files.instead, cached: files.cached };
  }

  /**
   * Calls what is in memory; the client asks only for what that can do.
   * @template T
   * @param {(held: any) => T} use
   * @returns {T}
   */
  #use(use) {
    const { held, instance } = this.#loaded ?? {};
    if (!held || !instance) throw new Error('a request came before load');
    return instance.call(() => use(held));
  }

  /** @param {AbortSignal} signal */
  async #files(signal) {
    if (!this.#loaded) throw new Error('files came before load');
    const files = this.#loaded.files.again(signal);
    try {
      return await blobsOf(this.#loaded, files);
    } finally {
      files.close();
    }
  }

  /**
   * @param {RunMessage} message
   * @param {AbortSignal} signal
   */
  async #run({ inputs, options }, signal) {
    const started = performance.now();
    const finished = await this.#compute((pipeline) => pipeline.start(inputs, options), signal);
    const ms = performance.now() - started;
    return { results: finished.results, meta: { ms, variant: this.#loaded?.instance?.variant, inputs: finished.inputs } };
  }

  /**
   * Computes slice by slice.
   * @template T
   * @param {(held: any) => import('../runtime/glue.js').Run<T>} start
   * @param {AbortSignal} signal
   */
  async #compute(start, signal) {
    const run = this.#use(start);
    const instance = /** @type {import('../runtime/runtime.js').Instance} */ (this.#loaded?.instance);
    try {
      while (!instance.call(() => run.step())) {
        await macrotask();
        throwIfAborted(signal);
      }
    } catch (error) {
      instance.free(run);
      throw error;
    }
    return instance.call(() => run.finish());
  }
}

/** @param {AbortSignal} signal */
function throwIfAborted(signal) {
  if (signal.aborted) throw signal.reason;
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
