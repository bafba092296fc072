/** An engine in a worker of its own: requests in, answers out. */
import { handle } from './host.js';

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ value: await handle(data) });
  } catch (error) {
    self.postMessage({ error: String(/** @type {any} */ (error)?.message ?? error) });
  }
};
