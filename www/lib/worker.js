/** What a worker runs: an engine on the worker's own port. */

import { serve } from './engine/engine.js';
import { glue, init } from './generated.js';
import { Runtime } from './runtime/runtime.js';
import { Store } from './store/store.js';

serve(/** @type {any} */ (self), { runtime: new Runtime(init, glue), store: new Store() });
