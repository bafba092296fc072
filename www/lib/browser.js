/** What an engine stands on in a thread of a browser. The only importer of the generated module there. */

import { Loader, Sha256, TextTokenizer, __wbg_reset_state, initSync, small_files, take_panic } from './wasm/headwise.js';
import { Runtime } from './runtime/runtime.js';
import { Store } from './store/store.js';

/**
 * Starts a module that is compiled already; browsers take up to 8 MiB at once in a page's thread.
 * @type {import('./runtime/glue.js').Init}
 */
const init = async ({ module_or_path: module }) => initSync({ module: /** @type {WebAssembly.Module} */ (module) });

/** @type {import('./host.js').EngineHost} */
export const browser = {
  runtime: new Runtime(init, { Loader, Sha256, TextTokenizer, __wbg_reset_state, small_files, take_panic }),
  store: new Store(),
};
