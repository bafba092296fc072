/** What is used of the generated module. What has no name here is dropped by bundlers. */

import { Loader, Sha256, TextTokenizer, __wbg_reset_state, initSync, small_files, take_panic } from './wasm/headwise.js';

export const init = initSync;

export const glue = { Loader, Sha256, TextTokenizer, __wbg_reset_state, small_files, take_panic };
