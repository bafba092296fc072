/** What a worker runs: an engine on the worker's own port. */

import { browser } from './browser.js';
import { serve } from './engine/engine.js';

serve(/** @type {any} */ (self), browser);
