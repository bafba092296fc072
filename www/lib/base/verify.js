/**
 * Whether what arrived is the file that was promised.
 */

import { HeadwiseError } from '../errors.js';

/**
 * What is known of a file beforehand: its bytes, their SHA-256, or the SHA-1 of them as a git blob.
 * Hashes are in hexadecimal.
 * @typedef {{size?: number, sha256?: string, blob?: string}} Expected
 */

/**
 * A SHA-256 under way, as the WASM module computes it: WebCrypto would need the whole file.
 * @typedef {object} Sha256
 * @property {(chunk: Uint8Array) => void} update
 * @property {() => string} digest in hexadecimal; consumes it
 * @property {() => void} free
 */

/** `sha256-` and base64, as in subresource integrity. */
const INTEGRITY = /^sha256-[A-Za-z0-9+/]{43}=$/;

/** @param {unknown} value */
export function isIntegrity(value) {
  return typeof value === 'string' && INTEGRITY.test(value);
}

/** The hash of such a value, in hexadecimal. @param {string} integrity */
export function sha256Of(integrity) {
  return toHex(Uint8Array.from(atob(integrity.slice('sha256-'.length)), (character) => character.charCodeAt(0)));
}

/** The value of a hash in hexadecimal. @param {string} sha256 */
export function integrityOf(sha256) {
  const bytes = (sha256.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}

/**
 * The hash that git gives to a file. `undefined` where pages have no WebCrypto: outside https.
 * @param {import('./chunks.js').Bytes} bytes
 */
export async function gitBlobHash(bytes) {
  if (!globalThis.crypto?.subtle) return undefined;
  const blob = await new Blob([`blob ${bytes.length}\0`, bytes]).arrayBuffer();
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-1', blob)));
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * The error of a file that is not what was promised.
 * @param {string} file
 * @param {string} problem
 * @param {Record<string, unknown>} [details]
 */
export function notAsPromised(file, problem, details) {
  return new HeadwiseError('integrity', `${file} is refused: ${problem}.`, { file, ...details });
}
