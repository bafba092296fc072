/** What a worker runs: an engine on the worker's own port. */

import init, * as glue from './wasm/headwise.js';
import { serve } from './engine/engine.js';
import { Runtime } from './runtime/runtime.js';

serve(/** @type {any} */ (self), new Runtime(init, glue));
