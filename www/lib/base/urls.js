/** Addresses: of the page, and of files by their names. */

import { HeadwiseError } from '../errors.js';

/** The URL that relative references start from: the page's, or the worker's script. */
export function pageUrl() {
  return globalThis.document?.baseURI ?? globalThis.location?.href;
}

/** The origin of an address, also where `URL` knows none: of the schemes of applications. @param {string} url */
export function originOf(url) {
  const { protocol, host, origin } = new URL(url);
  return origin === 'null' ? `${protocol}//${host}` : origin;
}

/**
 * A file's name as a part of a URL.
 * @param {string} file a path inside a folder
 */
export function pathOf(file) {
  return file.split('/').map((part) => segment(part, 'file')).join('/');
}

/** One part of a path. @param {string} text @param {string} what */
export function segment(text, what) {
  if (['', '.', '..'].includes(text)) throw new HeadwiseError('model', `“${text}” is not a name for a ${what}.`);
  return encodeURIComponent(text);
}
