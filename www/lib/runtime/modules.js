/** The builds of the WASM module: where an application has them, and from there to what can be run. */

import { forbidden } from '../base/policy.js';
import { pageUrl } from '../base/urls.js';
import { HeadwiseError } from '../errors.js';
import { VARIANTS } from './variants.js';

/** @typedef {import('./variants.js').Variant} Variant */

/** A folder, which ends with a slash, a file, or the module itself. @typedef {string | URL | WebAssembly.Module} Place */

/** The modules that there are, with addresses in full: good in any thread. @typedef {{[V in Variant]?: string | WebAssembly.Module}} Modules */

/** How every module begins, and the smallest one. */
const MAGIC = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

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

/**
 * The module at an address.
 * @param {string} url
 * @returns {Promise<WebAssembly.Module>}
 */
export async function fetchModule(url) {
  const response = await fetch(url).catch((cause) => { throw missing(url, `cannot be fetched (${cause})`, cause); });
  if (!response.ok) throw missing(url, `is not there: the server answered ${response.status}`);
  // Compiled while it arrives, and what comes of it kept by the browser; but only with the right type.
  if (response.headers.get('content-type') === 'application/wasm') return WebAssembly.compileStreaming(response);
  return compile(new Uint8Array(await response.arrayBuffer()), url);
}

/**
 * @param {import('../base/chunks.js').Bytes} bytes
 * @param {string} url where they come from
 */
export async function compile(bytes, url) {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) throw missing(url, 'is something else, a web page perhaps');
  return WebAssembly.compile(bytes);
}

/**
 * Does something with the modules beside the package; if they are not where it takes them to be, with their copies.
 * @template T
 * @param {{modules: () => Modules | Promise<Modules>, copies?: () => Promise<Modules>}} host
 * @param {(modules: Modules) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withModules({ modules, copies }, use) {
  try {
    return await use(await besideOf(modules));
  } catch (error) {
    if (!copies || !(error instanceof HeadwiseError && error.code === 'module')) throw error;
    return use(await copies().catch((failure) => { throw failure instanceof HeadwiseError ? failure : error; }));
  }
}

/** @param {() => Modules | Promise<Modules>} modules */
async function besideOf(modules) {
  try {
    return await modules();
  } catch (cause) {
    if (cause instanceof HeadwiseError) throw cause;
    // In a script that is no module, `import.meta` is empty.
    throw missing('of the package', 'has no known address here', cause);
  }
}

/**
 * The error of a policy that forbids every module, if that is why one could not be compiled.
 * @param {unknown} error
 */
export function compileError(error) {
  try {
    new WebAssembly.Module(MAGIC);
    return error;
  } catch {
    return forbidden('script-src', '\'wasm-unsafe-eval\'', {}, error);
  }
}

/** @param {string} url @param {string} what @param {unknown} [cause] */
function missing(url, what, cause) {
  return new HeadwiseError('module', `The WebAssembly module ${url} ${what}. Say with the option “wasm” where the `
    + 'package’s .wasm files are.', { url, option: 'wasm' }, { cause });
}
