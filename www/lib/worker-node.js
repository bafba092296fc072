/** What a thread of Node, Deno or Bun runs: an engine on the thread's own port. */

import { parentPort } from 'node:worker_threads';
import { serve } from './engine/engine.js';
import { glue, init } from './generated.js';
import { nodeHost } from './node/host.js';

serve(/** @type {any} */ (parentPort), nodeHost(init, glue));
