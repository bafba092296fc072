/**
 * Where an engine lives: in a worker of its own, in one that the caller made, or in this thread.
 */

import { HeadwiseError } from './errors.js';
import { serve } from './engine.js';
import { isWorker } from './options.js';

/**
 * Starts an engine.
 * @param {boolean | Worker | (() => Worker)} worker
 * @param {import('./runtime.js').Runtime} runtime of this thread, for `false`
 * @param {import('./request.js').Fetch} [fetch] what fetches the files of models, for `false`
 * @returns {import('./client.js').Host}
 */
export function openEngine(worker, runtime, fetch) {
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
 * @param {import('./runtime.js').Runtime} runtime
 * @param {import('./request.js').Fetch} [fetch]
 * @returns {import('./client.js').Host}
 */
function inThisThread(runtime, fetch) {
  const { port1, port2 } = new MessageChannel();
  serve(port2, runtime, fetch);
  return { port: port1, close: () => port1.postMessage({ verb: 'dispose' }) };
}

/** @returns {import('./client.js').Host} */
function inOwnWorker() {
  if (typeof Worker === 'undefined') {
    throw new HeadwiseError('option', 'There are no workers here; supported is “worker: false”.',
      { option: 'worker', supported: ['false'] });
  }
  try {
    const here = new URL(import.meta.url);
    // Of a bundled module this URL may be a file's, where it was built.
    const elsewhere = /^https?:$/.test(here.protocol) && here.origin !== location.origin;
    if (elsewhere) return inWorkerFromElsewhere(new URL('worker.js', here));
    // Bundlers find the worker by exactly this expression.
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    return { port: worker, close: () => worker.terminate() };
  } catch (error) {
    throw new HeadwiseError('crashed', `The worker could not be started (${error}). `
      + 'Another can be given as option “worker”.', {}, { cause: error });
  }
}

/**
 * A worker's script must come from the page's origin, but may import from any that allows it.
 * @param {URL} script
 * @returns {import('./client.js').Host}
 */
function inWorkerFromElsewhere(script) {
  const source = new Blob([`import ${JSON.stringify(script.href)};`], { type: 'text/javascript' });
  const url = URL.createObjectURL(source);
  const worker = new Worker(url, { type: 'module' });
  return {
    port: worker,
    close() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
