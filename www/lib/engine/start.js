/**
 * Starts an engine: in a worker of its own, in one that the caller made, or in this thread.
 */

import { HeadwiseError } from '../errors.js';
import { isWorker } from '../options.js';
import { Client } from './client.js';
import { serve } from './engine.js';

/** @typedef {import('./protocol.js').Connection} Connection */

/**
 * A client of an engine that runs: in this thread, if the worker that is meant by default cannot be started.
 * @param {import('../runtime/runtime.js').Runtime} runtime of this thread
 * @param {import('../options.js').GivenLoadOptions} options
 * @returns {Promise<{client: Client, warnings: string[]}>}
 */
export async function startEngine(runtime, { worker = true, fetch, signal }) {
  /** @type {Client | undefined} */
  let client;
  try {
    client = new Client(connect(worker, runtime, fetch));
    if (worker === true) await client.request('ping', {}, { signals: [signal] });
    return { client, warnings: [] };
  } catch (error) {
    client?.dispose();
    if (worker !== true || !(error instanceof HeadwiseError) || error.code !== 'crashed') throw error;
    const warning = `it runs in the thread of the page, which does nothing else while it computes. ${error.message}`;
    return { client: new Client(inThisThread(runtime)), warnings: [warning] };
  }
}

/**
 * @param {boolean | Worker | (() => Worker)} worker
 * @param {import('../runtime/runtime.js').Runtime} runtime of this thread, for `false`
 * @param {import('../fetch/request.js').Fetch} [fetch] what fetches the files of models, for `false`
 * @returns {Connection}
 */
function connect(worker, runtime, fetch) {
  if (worker === false) return inThisThread(runtime, fetch);
  if (fetch) {
    throw new HeadwiseError('option', 'A function cannot be handed to a worker: “fetch” needs “worker: false”.',
      { option: 'fetch', supported: ['with worker: false'] });
  }
  if (worker === true) return inOwnWorker();
  const given = typeof worker === 'function' ? worker() : worker;
  if (!isWorker(given)) {
    throw new HeadwiseError('option', 'The function given as “worker” has to return a Worker.',
      { option: 'worker', supported: ['a function that returns a Worker'] });
  }
  return { port: given, close: () => given.terminate() };
}

/**
 * @param {import('../runtime/runtime.js').Runtime} runtime
 * @param {import('../fetch/request.js').Fetch} [fetch]
 * @returns {Connection}
 */
function inThisThread(runtime, fetch) {
  const { port1, port2 } = new MessageChannel();
  serve(port2, runtime, fetch);
  return { port: port1, close: () => port1.postMessage({ verb: 'dispose' }) };
}

/** @returns {Connection} */
function inOwnWorker() {
  if (typeof Worker === 'undefined') throw new HeadwiseError('crashed', 'There are no workers here.');
  try {
    const here = new URL(import.meta.url);
    // Of a bundled module this URL may be a file's, where it was built. A sandboxed frame has the origin “null”.
    if (/^https?:$/.test(here.protocol) && here.origin !== globalThis.origin) return inWorkerFromElsewhere(here);
    // Bundlers find the worker by exactly this expression.
    const worker = new Worker(new URL('../worker.js', import.meta.url), { type: 'module' });
    return { port: worker, close: () => worker.terminate() };
  } catch (error) {
    throw new HeadwiseError('crashed', `The worker could not be started: ${error}.`, {}, { cause: error });
  }
}

/**
 * A worker's script must come from the page's origin, but may import from any that allows it. (Without an origin a
 * page may not start a module of its own either, but a classic script.)
 * @param {URL} here the address of this module
 * @returns {Connection}
 */
function inWorkerFromElsewhere(here) {
  // What is asked before the import is done would be lost.
  const script = `const early = [];
onmessage = (event) => early.push(event);
import(${JSON.stringify(new URL('../worker.js', here).href)}).then(
  () => { for (const event of early) onmessage(event); },
  (error) => setTimeout(() => { throw error; }),
);`;
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(url);
  return {
    port: worker,
    close() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
