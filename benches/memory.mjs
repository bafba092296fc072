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
 * - **raw**, **converted**: to the first label, from what the store has of the source or of the converted weights; the
 *   median of three loads of each, in turns.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { ROOT } from '../tests/e2e/harness.mjs';
import { checkpoint, SIZES } from './checkpoints.mjs';
import { machine, withBlankPage, withProfile } from './page.mjs';

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
 * @property {number} [stored]  bytes in the store, as converted
 * @property {number} [raw]     milliseconds
 * @property {number} [converted]  milliseconds
 * @property {number} [storeHeap]  bytes, of loads from the store
 */

/** Loads of each kind from the store. */
const STARTS = 3;

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
    /** @type {typeof import('../www/lib/runtime/variants.js')} */
    const { pickVariant } = await import(`${url}www/lib/runtime/variants.js`);
    const glue = await import(`${url}www/lib/wasm/headwise.js`);
    const { memory } = await glue.default({ module_or_path: `${url}www/lib/wasm/headwise_${pickVariant('auto')}.wasm` });
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
 * What a Hub would say of a folder.
 *
 * @param {string} folder
 */
async function manifest(folder) {
  const siblings = await Promise.all((await readdir(ROOT + folder)).map(async (rfilename) => {
    const { size } = await stat(ROOT + folder + rfilename);
    if (!rfilename.endsWith('.safetensors')) return { rfilename, size };
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(ROOT + folder + rfilename)) hash.update(chunk);
    return { rfilename, size, lfs: { size, sha256: hash.digest('hex') } };
  }));
  return { sha: 'c'.repeat(40), siblings };
}

/**
 * Starts from the store, in turns from the source and from what it was converted to.
 *
 * @param {string} folder
 * @param {typeof DTYPES[number]} dtype
 * @param {Awaited<ReturnType<typeof manifest>>} listed
 */
function starts(folder, dtype, listed) {
  return withProfile(async (page, url) => {
    /** @param {'converted' | 'source'} keep */
    const start = async (keep) => {
      await page.reload();
      return withHeap(page, () => page.evaluate(async ({ url, folder, dtype, listed, keep }) => {
        /** @type {typeof import('../www/lib/index.js')} */
        const { models, pipeline } = await import(`${url}www/lib/index.js`);
        const asHub = (/** @type {any} */ address) => (`${address}`.includes('/api/')
          ? Promise.resolve(Response.json(listed)) : fetch(url + folder + `${address}`.split('/').at(-1)));
        const start = performance.now();
        const classify = await pipeline('text-classification', 'user/model', { worker: false, dtype, keep, fetch: asHub });
        await classify('a text of a few words');
        const ms = performance.now() - start;
        if (!classify.model.cached) throw new Error(`${folder} is not stored`);
        const [{ files }] = await models.list();
        return { ms, stored: files.find(({ file }) => file === `model.${dtype}.safetensors`)?.size };
      }, { url, folder, dtype, listed, keep }));
    };
    await start('source');
    if (dtype !== 'fp32') await start('converted');
    const [raw, converted] = [/** @type {any[]} */ ([]), /** @type {any[]} */ ([])];
    for (let turn = 0; turn < STARTS; turn += 1) {
      raw.push(await start('source'));
      if (dtype !== 'fp32') converted.push(await start('converted'));
    }
    const median = (/** @type {{ms: number}[]} */ loads) => loads.map(({ ms }) => ms).sort((a, b) => a - b)[loads.length >> 1];
    const storeHeap = Math.max(...[...raw, ...converted].map(({ heap }) => heap));
    return { raw: median(raw), converted: median(converted), stored: converted[0]?.stored, storeHeap };
  });
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
  const listed = await manifest(folder);
  for (const dtype of DTYPES) {
    const loaded = await load(folder, dtype);
    const beyond = loaded.wasm - loaded.packed - tokenizer.wasm;
    rows.push({ model: name, what: dtype, files, ...loaded, beyond, ...await starts(folder, dtype, listed) });
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
  /** @param {number | undefined} ms */
  const seconds = (ms) => (ms === undefined ? '' : (ms / 1e3).toFixed(2));
  console.table(rows.map(({ model, what, files, packed, wasm, beyond, heap, ms, stored, raw, converted, storeHeap }) => ({
    model, what, files: megabytes(files), packed: megabytes(packed), WASM: megabytes(wasm), beyond: megabytes(beyond),
    heap: megabytes(heap), 'server s': seconds(ms), stored: megabytes(stored), 'raw s': seconds(raw),
    'converted s': seconds(converted), 'store heap': megabytes(storeHeap),
  })));
  console.log(JSON.stringify({ machine: about, rows }));
}

main().catch((error) => {
  console.error(`memory: ${error.message}`);
  process.exitCode = 1;
});
