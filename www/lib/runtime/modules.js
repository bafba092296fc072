/** Where an application has the WASM module, if not beside the package. */

import { pageUrl } from '../base/urls.js';
import { VARIANTS } from './variants.js';

/** @typedef {import('./variants.js').Variant} Variant */

/** A folder, which ends with a slash, a file, or the module itself. @typedef {string | URL | WebAssembly.Module} Place */

/** The modules that there are, with addresses in full: good in any thread. @typedef {{[V in Variant]?: string | WebAssembly.Module}} Modules */

/** @param {unknown} value @returns {value is WebAssembly.Module} */
export function isModule(value) {
  // One of another realm is as good.
  return String(value) === '[object WebAssembly.Module]';
}

/**
 * @param {Place | {[V in Variant]?: Place}} wasm one place, or one for each variant
 * @returns {Modules}
 */
export function modulesAt(wasm) {
  const isPlace = typeof wasm === 'string' || wasm instanceof URL || isModule(wasm);
  const places = isPlace ? Object.keys(VARIANTS).map((variant) => /** @type {const} */ ([variant, wasm])) : Object.entries(wasm);
  return Object.fromEntries(places.map(([variant, place]) => [variant, isModule(place) ? place : addressOf(variant, place)]));
}

/** @param {string} variant @param {string | URL} place */
function addressOf(variant, place) {
  const { href } = new URL(place, pageUrl());
  return href.endsWith('/') ? `${href}headwise_${variant}.wasm` : href;
}
