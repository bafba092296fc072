#!/usr/bin/env node
/**
 * How large the files of the demo and the package are, as they are and as a host would compress them.
 *
 *   node tools/sizes.mjs
 */
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const WWW = new URL('../www/', import.meta.url);

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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folders = ['', 'app/', 'lib/', 'lib/wasm/'];
  const listed = await Promise.all(folders.map(async (folder) => {
    const names = await readdir(new URL(folder, WWW));
    return names.filter((name) => /\.(js|css|html|wasm)$/.test(name)).map((name) => folder + name);
  }));
  // A browser downloads one of the two modules, so the total has the one that most of them take.
  const other = 'lib/wasm/headwise_simd128.wasm';
  const sizes = await sizesOf(listed.flat().filter((file) => file !== other));
  const [{ file, ...bytes }] = await sizesOf([other]);
  console.table([...sizes, { file: `${file} instead`, ...bytes }]);
}
