#!/usr/bin/env node
/**
 * Writes `www/lib/inline/`: the worker as one classic script and the module, both as JavaScript, for hosts that keep
 * JavaScript and move every other file.
 *
 *   node tools/inline.mjs
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const LIB = fileURLToPath(new URL('../www/lib/', import.meta.url));
const FOLDER = `${LIB}inline/`;

/** What the present browsers run. A copy of the other module as well would double the package. */
const MODULE = 'wasm/headwise_relaxed.wasm';

/** As many as `index.js` imports: bundlers warn of files above 500 kB. */
const PARTS = 4;

/** @param {string} file @param {string} text */
const writeText = (file, text) => writeFile(`${FOLDER}${file}.js`, `/** @type {string} */\nconst text = ${JSON.stringify(text)};\nexport default text;\n`);

/** The worker in one script, which no module loader sees. */
async function workerScript() {
  const bundled = await rolldown({ input: `${LIB}worker.js` });
  const { output: [script] } = await bundled.generate({ format: 'iife', minify: true });
  return script.code;
}

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
await writeText('worker', await workerScript());
const packed = gzipSync(await readFile(LIB + MODULE), { level: 9 }).toString('base64');
const length = Math.ceil(packed.length / PARTS);
for (let part = 0; part < PARTS; part += 1) {
  await writeText(`module${part + 1}`, packed.slice(part * length, (part + 1) * length));
}
