#!/usr/bin/env node
/**
 * How large the files of the demo and the package are, as they are and as a host would compress them.
 *
 *   node tools/sizes.mjs
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const WWW = new URL('../www/', import.meta.url);
/** By preference; a page downloads one. */
const MODULES = ['lib/wasm/headwise_relaxed.wasm', 'lib/wasm/headwise_simd128.wasm'];

/** @typedef {{file: string, raw: number, gzip: number, brotli: number}} Size bytes */

/**
 * @param {string[]} files paths below `www/`
 * @returns {Promise<Size[]>} one for each file, then their sum
 */
export async function sizesOf(files) {
  const sizes = await Promise.all(files.map(async (file) => {
    const bytes = await readFile(new URL(file, WWW));
    const [zipped, brotli] = await Promise.all([
      promisify(gzip)(bytes, { level: 9 }),
      promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    ]);
    return { file, raw: bytes.length, gzip: zipped.length, brotli: brotli.length };
  }));
  /** @param {'raw' | 'gzip' | 'brotli'} key */
  const sum = (key) => sizes.reduce((total, size) => total + size[key], 0);
  return [...sizes, { file: 'total', raw: sum('raw'), gzip: sum('gzip'), brotli: sum('brotli') }];
}

/**
 * What the page downloads, model aside: every file with its size, their sum, and the module for older browsers, which
 * takes the place of the other one.
 */
export async function pageSizes() {
  const found = new Set(['index.html', 'style.css', 'app.js', 'lib/worker.js', ...MODULES]);
  // What is added while this runs is looked at as well.
  for (const file of found) {
    if (!file.endsWith('.js')) continue;
    const text = await readFile(new URL(file, WWW), 'utf8');
    const imports = text.matchAll(/^(?:import|export|\}) .*from '(\..*)';$/gm);
    for (const [, name] of imports) found.add(path.posix.join(file, '..', name));
  }
  const isOther = (/** @type {string} */ file) => file === MODULES[1];
  const files = [...found].sort();
  const others = (await sizesOf(files.filter(isOther))).slice(0, -1);
  return [
    ...await sizesOf(files.filter((file) => !isOther(file))),
    ...others.map(({ file, ...bytes }) => ({ file: `${file} instead`, ...bytes })),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await pageSizes());
