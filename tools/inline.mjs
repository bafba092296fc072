#!/usr/bin/env node
/**
 * Writes `www/lib/inline/`: the worker as one classic script and the module, both as JavaScript, for hosts that keep
 * JavaScript and move every other file; and the package as one classic script, `global.js`, that lacks only these.
 *
 *   node tools/inline.mjs
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const LIB = fileURLToPath(new URL('../www/lib/', import.meta.url));
const FOLDER = `${LIB}inline/`;

/** It runs everywhere: WebKit has no relaxed SIMD. A copy of the other one as well would double the package. */
const MODULE = 'wasm/headwise_simd128.wasm';

/** As many as `index.js` imports: bundlers warn of files above 500 kB. */
const PARTS = 4;

/** What is JavaScript here and a file of its own beside the package, by the name of its copy. */
async function copies() {
  const packed = gzipSync(await readFile(LIB + MODULE), { level: 9 }).toString('base64');
  const length = Math.ceil(packed.length / PARTS);
  const parts = Array.from({ length: PARTS }, (_, part) => [`module${part + 1}`, packed.slice(part * length, (part + 1) * length)]);
  return Object.fromEntries([['worker', await script('worker.js')], ...parts]);
}

/**
 * An entry in one classic script, which no loader of modules sees.
 *
 * @param {string} entry
 * @param {{name?: string, plugins?: import('rolldown').Plugin[]}} [options]
 */
async function script(entry, { name, plugins } = {}) {
  const bundled = await rolldown({ input: LIB + entry, plugins });
  const { output: [{ code }] } = await bundled.generate({ format: 'iife', name, minify: true });
  return code;
}

/** Has the copies come from what stands before the script. */
const GIVEN = {
  name: 'given',
  load: (/** @type {string} */ id) => (id.startsWith(FOLDER) ? `export default globalThis.headwiseCopies.${path.basename(id, '.js')};` : undefined),
};

/** @param {string} name @param {string} text */
const writeCopy = (name, text) =>
  writeFile(`${FOLDER}${name}.js`, `/** @type {string} */\nconst text = ${JSON.stringify(text)};\nexport default text;\n`);

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
for (const [name, text] of Object.entries(await copies())) await writeCopy(name, text);
await writeFile(`${FOLDER}global.js`, await script('inline.js', { name: 'headwise', plugins: [GIVEN] }));
