/** What a thread of Node, Deno or Bun runs: an engine on the thread's own port. */

import { parentPort } from 'node:worker_threads';
import init, * as glue from './wasm/headwise.js';
import { serve } from './engine/engine.js';
import { engineHost } from './node/host.js';

serve(/** @type {any} */ (parentPort), engineHost(/** @type {any} */ (init), /** @type {any} */ (glue)));
