/**
 * The side of the protocol that computes: requests come in at a port, one model is loaded and used.
 * It runs in a worker (`worker.js`) or in the calling thread, and cannot tell which.
 *
 * Requests take turns: see `turns.js`. Between two turns the port is read. So few requests are half done at any time, and
 * hold memory: one of each priority.
 */

import { inPieces } from '../base/pieces.js';
import { HeadwiseError, behind, toWire } from '../errors.js';
import { Busy } from './liveness.js';
import { blobsOf, load } from './load.js';
import { Turns } from './turns.js';

/**
 * @typedef {import('../host.js').EngineHost} EngineHost
 * @typedef {import('./protocol.js').Port} Port
 * @typedef {import('./protocol.js').Reply} Reply
 * @typedef {import('./protocol.js').LoadMessage} LoadMessage
 * @typedef {import('./protocol.js').RunMessage} RunMessage
 * @typedef {import('./protocol.js').RequestMessage} RequestMessage
 * @typedef {import('./turns.js').Asker} Asker
 */

/**
 * Serves requests that come in at `port`.
 * @param {Port} port
 * @param {EngineHost} host
 * @param {import('../fetch/request.js').Fetch} [fetch] what fetches the files of models
 */
export function serve(port, host, fetch) {
  const engine = new Engine(host, (reply) => port.postMessage(reply), fetch);
  port.onmessage = async ({ data }) => {
    if (data.verb === 'abort') return engine.abort(data.id);
    if (data.verb !== 'dispose') return engine.enqueue(data);
    await engine.dispose();
    port.close();
  };
}

class Engine {
  #host;
  #reply;
  #fetch;
  /** What was asked to be loaded. @type {LoadMessage | undefined} */
  #wanted;
  /** @type {import('./load.js').Loaded | undefined} */
  #loaded;
  /** The same load once more. @type {Promise<void> | undefined} */
  #reloading;
  #turns = new Turns();
  #busy = new Busy();
  /** Requests that are waiting or running. @type {Map<number, {controller: AbortController, done: Promise<void>}>} */
  #requests = new Map();
  #ended = new AbortController();

  /**
   * @param {EngineHost} host
   * @param {(reply: Reply) => void} reply
   * @param {import('../fetch/request.js').Fetch} [fetch]
   */
  constructor(host, reply, fetch) {
    this.#host = host;
    this.#reply = reply;
    this.#fetch = fetch;
  }

  /** @param {RequestMessage} message */
  enqueue(message) {
    const controller = new AbortController();
    if (this.#requests.size === 0) this.#busy.begin(message.lock);
    this.#requests.set(message.id, { controller, done: this.#answer(message, controller) });
  }

  /** @param {number} id */
  abort(id) {
    this.#requests.get(id)?.controller.abort();
  }

  /** Aborts everything and gives the model's memory back. */
  async dispose() {
    this.#ended.abort();
    for (const { controller } of this.#requests.values()) controller.abort();
    await Promise.all([...this.#requests.values()].map(({ done }) => done));
    await this.#reloading?.catch(() => {});
    this.#loaded?.instance?.free(this.#loaded.held);
    this.#loaded = undefined;
  }

  /**
   * @param {RequestMessage} message
   * @param {AbortController} controller
   */
  async #answer(message, controller) {
    const { id, priority = 'user-visible' } = message;
    try {
      const value = await this.#do(message, { id, priority, signal: controller.signal, ms: 0 });
      this.#reply({ id, ok: true, value });
    } catch (error) {
      this.#reply({ id, ok: false, error: toWire(error) });
    } finally {
      // Whatever a failed request still has under way ends with it.
      controller.abort();
      this.#requests.delete(id);
      if (this.#requests.size === 0) this.#busy.end();
    }
  }

  /**
   * @param {RequestMessage} message
   * @param {Asker} asker
   */
  async #do(message, asker) {
    switch (message.verb) {
      case 'ping': return undefined;
      case 'load': return this.#anyhow(() => this.#load(message, asker.signal));
      case 'run': return this.#run(message, asker);
      case 'forward': return this.#compute((model) => model.start(message.rows, message.options), asker);
      case 'encode': return this.#each(message.inputs, asker, (tokenizer, inputs) =>
        tokenizer.encode(inputs, message.options));
      case 'decode': return this.#each(message.sequences, asker, (tokenizer, sequences) =>
        sequences.map((ids) => tokenizer.decode(ids, message.skip_special_tokens)));
      case 'vocabulary': return this.#anyhow(() => this.#turns.take(asker, () => this.#use((tokenizer) => tokenizer.vocabulary())));
      case 'files': return this.#files(asker.signal);
    }
  }

  /**
   * @param {LoadMessage} message
   * @param {AbortSignal} signal
   */
  async #load(message, signal) {
    const { info, files } = this.#loaded = await load(message, {
      host: this.#host,
      signal,
      fetch: this.#fetch,
      report: (progress) => this.#reply({ id: message.id, event: 'progress', progress }),
    });
    this.#wanted = message;
    return { ...info, commit: files.commit, revision: files.instead, cached: files.cached };
  }

  /**
   * Does something with what is in memory; again, if another request crashed the instance meanwhile, here or in another
   * engine of this thread.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #anyhow(work) {
    for (;;) {
      try {
        if (this.#wanted && this.#loaded?.instance?.ended) await (this.#reloading ??= this.#reload(this.#wanted, this.#loaded));
        return await work();
      } catch (error) {
        if (!(error instanceof HeadwiseError && error.details.elsewhere)) throw error;
      }
    }
  }

  /**
   * Loads once more what a crash took, from the same files; for every request that needs it, so that none can abort it.
   * @param {LoadMessage} wanted
   * @param {import('./load.js').Loaded} lost
   */
  async #reload(wanted, { files }) {
    const { signal } = this.#ended;
    try {
      this.#loaded = await load(wanted, {
        host: this.#host, signal, fetch: this.#fetch, report: () => {}, files: files.again(signal),
      });
    } finally {
      this.#reloading = undefined;
    }
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

  /**
   * Uses what is in memory on inputs, piece by piece, each in a turn.
   * @template Input, Output
   * @param {Input[]} inputs
   * @param {Asker} asker
   * @param {(held: any, inputs: Input[]) => Output[]} use
   */
  async #each(inputs, asker, use) {
    /** @type {Output[]} */
    const outputs = [];
    for (const piece of inPieces(inputs)) {
      const turn = () => this.#turns.take(asker, () => this.#use((held) => use(held, piece)));
      outputs.push(...await this.#anyhow(turn).catch((error) => { throw behind(error, outputs.length); }));
    }
    return outputs;
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
   * @param {Asker} asker
   */
  async #run({ id, inputs, options }, asker) {
    /** @type {unknown[]} */
    const results = [];
    /** @type {import('../runtime/glue.js').InputInfo[]} */
    const read = [];
    let tokens = 0;
    for (const piece of inPieces(inputs)) {
      const part = await this.#compute((pipeline) => pipeline.start(piece, options), asker)
        .catch((error) => { throw behind(error, results.length); });
      results.push(...part.results);
      read.push(...part.inputs);
      for (const input of part.inputs) tokens += input.tokens;
      const progress = { done: results.length, total: inputs.length, tokens_per_second: Math.round(1000 * tokens / asker.ms) };
      this.#reply({ id, event: 'progress', progress });
    }
    return { results, meta: { ms: asker.ms, variant: this.#loaded?.instance?.variant, inputs: read } };
  }

  /**
   * Computes slice by slice.
   * @template T
   * @param {(held: any) => import('../runtime/glue.js').Run<T>} start
   * @param {Asker} asker
   * @returns {Promise<T>}
   */
  #compute(start, asker) {
    return this.#anyhow(async () => {
      const run = await this.#turns.take(asker, () => this.#use(start));
      const { instance } = /** @type {Required<import('./load.js').Loaded>} */ (this.#loaded);
      try {
        while (!await this.#turns.take(asker, () => instance.call(() => run.step())));
      } catch (error) {
        instance.free(run);
        throw error;
      }
      return instance.call(() => run.finish());
    });
  }
}
