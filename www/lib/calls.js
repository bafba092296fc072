/**
 * The ways to call a pipeline: with arguments, with a stream of inputs, and so that only the latest call counts. What
 * arguments mean is up to its task.
 */

import { behind } from './errors.js';
import { streamOf } from './stream.js';
import { TASKS } from './tasks/index.js';

/** Where a pipeline's function has what else may abort a call. */
const CALL = Symbol('call');

/**
 * @typedef {object} Means
 * @property {import('./base/abort.js').Signals} [signals] abort the call, too
 * @property {(event: import('./base/calls.js').CallProgress) => void} [onProgress] in place of the call's own
 */

/**
 * The function of a task: arguments to a request, answers to a result.
 * @param {import('./tasks/index.js').TaskName} task
 * @param {Pick<import('./engine/session.js').User, 'request'>} client
 */
export function callOf(task, client) {
  /** @param {unknown[]} args @param {Means} [means] */
  async function ask(args, { signals = [], onProgress } = {}) {
    const { inputs, options: { signal, priority, progress_callback, ...options }, shape } = TASKS[task](...args);
    const { results, meta } = await client.request('run', { inputs, options, priority },
      { signals: [signal, ...signals], onProgress: onProgress ?? progress_callback });
    return { results, meta, shape };
  }

  /** @param {unknown[]} args @param {import('./base/abort.js').Signals} [signals] */
  async function call(args, signals) {
    const { results, meta, shape } = await ask(args, { signals });
    return Object.defineProperty(shape(results), 'meta', { value: meta });
  }

  /** @param {unknown} source @param {unknown[]} rest what follows the inputs in a call */
  async function* stream(source, ...rest) {
    const { options: { signal, progress_callback } } = TASKS[task]([], ...rest);
    const total = Array.isArray(source) ? source.length : undefined;
    const ended = new AbortController();
    let told = 0;
    /** @type {import('./stream.js').Answer} */
    const answer = async (rows, before) => {
      const { results, shape } = await ask([rows, ...rest], {
        signals: [ended.signal],
        onProgress({ done, tokens_per_second }) {
          // What is asked once more is not told.
          if (before + done <= told) return;
          told = before + done;
          progress_callback?.({ done: told, total, tokens_per_second });
        },
      });
      return results.map((/** @type {unknown} */ result, /** @type {number} */ place) => {
        try {
          // As in the result of all of them; a tensor has it as a batch of one.
          const shaped = shape([result]);
          return { result: Array.isArray(shaped) ? shaped[0] : shaped };
        } catch (error) {
          return { error: behind(error, before + place) };
        }
      });
    };
    try {
      yield* streamOf(source, answer, signal);
    } finally {
      ended.abort();
    }
  }

  return Object.assign((/** @type {unknown[]} */ ...args) => call(args), { [CALL]: call, stream });
}

/**
 * The same calls, each of which may or may not come to an end.
 * @template Call
 * @typedef {Call extends {
 *   (...args: infer A): Promise<infer R>, (...args: infer B): Promise<infer S>, (...args: infer C): Promise<infer T>,
 * } ? {(...args: A): Promise<R | undefined>, (...args: B): Promise<S | undefined>, (...args: C): Promise<T | undefined>}
 *   : never} Latest
 */

/**
 * A function that is called as the pipeline is. A newer call ends the one before, which resolves to `undefined`.
 * @template {Function} Call
 * @param {Call} pipe
 * @returns {Latest<Call>}
 */
export function latest(pipe) {
  let newest = new AbortController();
  return /** @type {any} */ (async (/** @type {unknown[]} */ ...args) => {
    newest.abort();
    const { signal } = newest = new AbortController();
    try {
      return await /** @type {any} */ (pipe)[CALL](args, [signal]);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    }
  });
}
