/**
 * What a load takes in Chromium: bytes of the files, of the packed weights, of the module's memory, of the JavaScript
 * heap, and time. Every load has a fresh browser, and is in the page's own thread, where all of that can be seen.
 * Prints a table, then one line of JSON. Judges nothing.
 *
 *   node benches/memory.mjs [NAME…]    of the checkpoints that benches/checkpoints.mjs makes; default: all
 *
 * - **packed**: weights and what is computed from them, as `model.memory` tells.
 * - **WASM**: the module's memory after the load. It never shrinks, so this is the most it had. Of a tokenizer: by how
 *   much the memory grew while it was read.
 * - **beyond**: what of that is neither packed weights nor tokenizer. Below zero where weights fill what reading the
 *   tokenizer left behind.
 * - **heap**: the most, of many samples, that JavaScript had: objects, streams, and array buffers, garbage included.
 */
import { readdir, stat } from 'node:fs/promises';
import { ROOT } from '../tests/e2e/harness.mjs';
import { checkpoint, SIZES } from './checkpoints.mjs';
import { machine, withBlankPage } from './page.mjs';

const DTYPES = /** @type {const} */ (['fp32', 'fp16', 'q8']);

/** Milliseconds between two samples of the heap. */
const INTERVAL = 5;

/**
 * @typedef {object} Row
 * @property {string} model
 * @property {string} what      `tokenizer`, or a number type
 * @property {number} files     bytes
 * @property {number} [packed]  bytes
 * @property {number} wasm      bytes
 * @property {number} [beyond]  bytes
 * @property {number} [heap]    bytes
 * @property {number} ms        from a server on this machine
 */

/**
 * @param {string} folder
 * @param {string} ending
 */
async function bytesOf(folder, ending) {
  const names = (await readdir(ROOT + folder)).filter((name) => name.endsWith(ending));
  const sizes = await Promise.all(names.map(async (name) => (await stat(ROOT + folder + name)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Memory and time that the small files of a model take in the module.
 *
 * @param {string} folder
 */
function readTokenizer(folder) {
  return withBlankPage((page, url) => page.evaluate(async ({ url, folder }) => {
    /** @type {typeof import('../www/lib/variants.js')} */
    const { VARIANTS, pickVariant } = await import(`${url}www/lib/variants.js`);
    const glue = await import(`${url}www/lib/wasm/headwise.js`);
    const { memory } = await glue.default({ module_or_path: VARIANTS[pickVariant('auto')].url });
    /** @type {Record<string, Uint8Array>} */
    const small = {};
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
      small[name] = new Uint8Array(await (await fetch(url + folder + name)).arrayBuffer());
    }
    const [before, start] = [memory.buffer.byteLength, performance.now()];
    const loader = new glue.Loader(small, {});
    const [ms, wasm] = [performance.now() - start, memory.buffer.byteLength - before];
    loader.free();
    return { ms, wasm };
  }, { url, folder }));
}

/**
 * @param {string} folder
 * @param {typeof DTYPES[number]} dtype
 */
function load(folder, dtype) {
  return withBlankPage((page, url) => withHeap(page, () => page.evaluate(async ({ url, folder, dtype }) => {
    /** @type {typeof import('../www/lib/index.js')} */
    const { pipeline } = await import(`${url}www/lib/index.js`);
    const start = performance.now();
    const { model } = await pipeline('text-classification', url + folder, { worker: false, dtype });
    const ms = performance.now() - start;
    const { memory } = await (await import(`${url}www/lib/wasm/headwise.js`)).default();
    return { ms, packed: model.memory, wasm: memory.buffer.byteLength };
  }, { url, folder, dtype })));
}

/**
 * Adds the largest heap of the page's thread while `work` is under way.
 *
 * @template T
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<T>} work
 * @returns {Promise<T & {heap: number}>}
 */
async function withHeap(page, work) {
  const devtools = await page.context().newCDPSession(page);
  let [heap, done] = [0, false];
  const watch = async () => {
    while (!done) {
      const { usedSize, embedderHeapUsedSize, backingStorageSize } = await devtools.send('Runtime.getHeapUsage');
      heap = Math.max(heap, usedSize + embedderHeapUsedSize + backingStorageSize);
      await new Promise((resolve) => { setTimeout(resolve, INTERVAL); });
    }
  };
  const watching = watch();
  const result = await work().finally(() => { done = true; });
  await watching;
  return { ...result, heap };
}

/** @param {string} name @returns {Promise<Row[]>} */
async function measure(name) {
  const folder = await checkpoint(name);
  const tokenizer = await readTokenizer(folder);
  /** @type {Row[]} */
  const rows = [{ model: name, what: 'tokenizer', files: await bytesOf(folder, 'tokenizer.json'), ...tokenizer }];
  const files = await bytesOf(folder, '.safetensors');
  for (const dtype of DTYPES) {
    const loaded = await load(folder, dtype);
    rows.push({ model: name, what: dtype, files, ...loaded, beyond: loaded.wasm - loaded.packed - tokenizer.wasm });
  }
  return rows;
}

async function main() {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SIZES);
  const unknown = names.find((name) => !Object.hasOwn(SIZES, name));
  if (unknown) throw new Error(`no checkpoint ${unknown}; there are ${Object.keys(SIZES).join(', ')}`);
  const about = machine();
  /** @type {Row[]} */
  const rows = [];
  for (const name of names) rows.push(...await measure(name));
  /** @param {number | undefined} bytes */
  const megabytes = (bytes) => (bytes === undefined ? '' : (bytes / 1e6).toFixed(1));
  console.log(`Memory and time of a load, MB (10⁶ bytes)\n${about}`);
  console.table(rows.map(({ model, what, files, packed, wasm, beyond, heap, ms }) => ({
    model, what, files: megabytes(files), packed: megabytes(packed), WASM: megabytes(wasm), beyond: megabytes(beyond),
    heap: megabytes(heap), 'server s': (ms / 1e3).toFixed(2),
  })));
  console.log(JSON.stringify({ machine: about, rows }));
}

main().catch((error) => {
  console.error(`memory: ${error.message}`);
  process.exitCode = 1;
});
