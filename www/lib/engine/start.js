/**
 * Starts an engine: in a worker of its own, in one that the caller made, or in this thread.
 */

import { underPolicy } from '../base/policy.js';
import { HeadwiseError } from '../errors.js';
import { isWorker } from '../options.js';
import { Client } from './client.js';
import { serve } from './engine.js';

/**
 * @typedef {import('./protocol.js').Connection} Connection
 * @typedef {import('../host.js').Host} Host
 */

/**
 * A client of an engine that runs: in this thread, if no worker can be started where one is meant by default.
 * @param {Host} host
 * @param {import('../options.js').GivenLoadOptions} options
 * @returns {Promise<{client: Client, warnings: string[]}>}
 */
export async function startEngine(host, { worker = true, fetch, signal }) {
  if (fetch && worker) {
    throw new HeadwiseError('option', 'A worker takes no function: “fetch” needs “worker: false”.',
      { option: 'fetch', supported: ['with worker: false'] });
  }
  if (typeof worker !== 'boolean') return { client: new Client(inGivenWorker(worker)), warnings: [] };
  /** @type {string[]} */
  const failures = [];
  for (const start of worker ? host.workers : []) {
    const started = await tryWorker(start, signal);
    if (started instanceof Client) return { client: started, warnings: [] };
    failures.push(started);
  }
  // Where there are no workers, nobody expects one.
  // What a policy forbids of the first way is what one would rather allow.
  const why = failures.find((failure) => failure.includes('Policy')) ?? failures.at(-1);
  const warnings = why ? [`it runs in the calling thread, which waits while it computes. ${why}`] : [];
  return { client: new Client(inThisThread(host, fetch)), warnings };
}

/**
 * A client of a worker that answers, or why there is none.
 * @param {Host['workers'][number]} start
 * @param {AbortSignal} [signal]
 * @returns {Promise<Client | string>}
 */
async function tryWorker(start, signal) {
  /** @type {Client | undefined} */
  let client;
  try {
    return await underPolicy('worker-src', async () => {
      client = new Client(connectionTo(await start()));
      await client.request('ping', {}, { signals: [signal] });
      return client;
    });
  } catch (error) {
    client?.dispose();
    if (signal?.aborted) throw error;
    return error instanceof HeadwiseError ? error.message : `The worker could not be started: ${error}`;
  }
}

/**
 * @param {Worker | (() => Worker)} worker
 * @returns {Connection}
 */
function inGivenWorker(worker) {
  const given = typeof worker === 'function' ? worker() : worker;
  if (!isWorker(given)) {
    throw new HeadwiseError('option', 'The function “worker” has to return a Worker.',
      { option: 'worker', supported: ['a function that returns a Worker'] });
  }
  return connectionTo(given);
}

/** @param {Worker} worker @returns {Connection} */
function connectionTo(worker) {
  return { port: worker, close: () => worker.terminate() };
}

/**
 * @param {Host} host
 * @param {import('../fetch/request.js').Fetch} [fetch] what fetches the files of models
 * @returns {Connection}
 */
function inThisThread(host, fetch) {
  const { port1, port2 } = host.channel?.() ?? new MessageChannel();
  serve(port2, host, fetch);
  return { port: port1, close: () => port1.postMessage({ verb: 'dispose' }) };
}
