#!/usr/bin/env node
/**
 * How large what a page downloads is, the model aside: as it is, and as a host would compress it.
 *
 *   node tools/sizes.mjs
 */
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { bundle, pageFiles } from './bundle.mjs';

/** For older browsers, in place of the relaxed one. */
const OTHER_MODULE = 'headwise_simd128.wasm';

/** Most bytes that a browser may have to download, in brotli. They are never raised: what does not fit gets a module of its own. */
export const LIMITS = {
  'the page': 950_000,
  'headwise_relaxed.wasm': 910_000,
  'pipeline() in an application': 25_000,
  'all of the package, bundled': 28_000,
};

/** @typedef {{file: string, raw: number, gzip: number, brotli: number}} Size bytes */

/** @param {string} file @param {string | Uint8Array} content @returns {Promise<Size>} */
async function sizeOf(file, content) {
  const bytes = Buffer.from(content);
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(bytes, { level: 9 }),
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  ]);
  return { file, raw: bytes.length, gzip: zipped.length, brotli: brotli.length };
}

/** @param {string} file @param {Size[]} sizes @returns {Size} */
export function sumOf(file, sizes) {
  /** @param {'raw' | 'gzip' | 'brotli'} key */
  const sum = (key) => sizes.reduce((total, size) => total + size[key], 0);
  return { file, raw: sum('raw'), gzip: sum('gzip'), brotli: sum('brotli') };
}

/**
 * What the demo downloads: every file and their sum; then the module for older browsers, and the JavaScript of the
 * package as an application bundles it.
 */
export async function pageSizes() {
  const all = await Promise.all([...await pageFiles()].map(([name, content]) => sizeOf(name, content)));
  const isOther = (/** @type {Size} */ { file }) => file === OTHER_MODULE;
  const page = all.filter((size) => !isOther(size));
  return [
    ...page,
    sumOf('the page', page),
    ...all.filter(isOther),
    await bundledSize('pipeline() in an application', '{ pipeline }'),
    await bundledSize('all of the package, bundled', '*'),
  ];
}

/** The JavaScript of an application that exports `what` of the package, with the worker. @param {string} name @param {string} what */
async function bundledSize(name, what) {
  const scripts = await bundle({ app: 'the-application', worker: 'lib/worker.js' }, { 'the-application': `export ${what} from './lib/index.js';` });
  return sumOf(name, await Promise.all(scripts.map(({ fileName, code }) => sizeOf(fileName, code))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await pageSizes());
