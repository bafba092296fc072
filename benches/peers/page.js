/** The page of the benchmark: opens engines, passes requests on to them. */

/** @typedef {{verb: string, onPage?: boolean}} Request */

/** @type {Map<string, (request: Request) => Promise<any>>} */
const engines = new Map();

/** An engine in a worker. */
function inWorker() {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return (/** @type {Request} */ request) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error === undefined ? resolve(data.value) : reject(new Error(data.error)));
    worker.onerror = (event) => reject(new Error(event.message || 'the worker did not start'));
    worker.postMessage(request);
  });
}

Object.assign(globalThis, {
  /**
   * @param {string} name
   * @param {Request} request  the first one opens the engine
   */
  ask: async (name, request) => {
    if (request.verb === 'open') engines.set(name, request.onPage ? (await import('./host.js')).handle : inWorker());
    return /** @type {any} */ (engines.get(name))(request);
  },
});
