/** What the package has beside it, out of copies in its own JavaScript: `inline/`, which `tools/inline.mjs` writes. */

import { compileError } from './runtime/modules.js';

/**
 * A worker that is one classic script: also without an origin it starts, where a module does not.
 * @param {string} source
 */
export function classicWorker(source) {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  /** @type {any} */
  const { trustedTypes } = globalThis;
  // A policy for scripts may ask that somebody vouches for the address, and may admit the name below.
  const address = trustedTypes?.createPolicy('headwise', { createScriptURL: (/** @type {string} */ own) => own }).createScriptURL(url) ?? url;
  return new Worker(address);
}

/**
 * @param {string[]} parts of a module, compressed by gzip, in base64
 * @returns {Promise<WebAssembly.Module>}
 */
export async function unpackModule(parts) {
  const packed = Uint8Array.from(atob(parts.join('')), (letter) => letter.charCodeAt(0));
  const bytes = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compile(await new Response(bytes).arrayBuffer()).catch((error) => { throw compileError(error); });
}
