#!/usr/bin/env node
/**
 * Makes the demo page as it ships, a folder for any static host: its JavaScript and the package's in three minified files
 * instead of sixty, the modules and the model. The sources run as they are, too: `node tools/serve.mjs --root www`.
 *
 *   node tools/bundle.mjs [FOLDER]    default: dist/
 */
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const WWW = fileURLToPath(new URL('../www/', import.meta.url));
const MODEL = 'models/emotions-q8';

/** What a source addresses from where it is, a worker or a module, is beside the bundle. */
const FLAT = {
  name: 'flat',
  transform: (/** @type {string} */ code) => code.replaceAll(/new URL\('[^']*\/([^'/]+)', import\.meta\.url\)/g, "new URL('./$1', import.meta.url)"),
};

/** The page has the worker and the module beside it, and needs no copies. */
const COPIES = /\/inline\//;

/**
 * Bundled and minified JavaScript.
 *
 * @param {Record<string, string>} input  names, and the files below `www/` that they begin with
 * @param {Record<string, string>} [texts]  files there that are not on disk
 */
export async function bundle(input, texts = {}) {
  const given = {
    name: 'given',
    resolveId: (/** @type {string} */ id) => (Object.hasOwn(texts, id) ? WWW + id : undefined),
    load: (/** @type {string} */ id) => texts[id.slice(WWW.length)],
  };
  const bundled = await rolldown({ input, cwd: WWW, plugins: [FLAT, given], external: COPIES });
  const { output } = await bundled.generate({ minify: true, comments: false, entryFileNames: '[name].js', chunkFileNames: '[name].js' });
  return output.filter((file) => file.type === 'chunk');
}

/**
 * The files of the page, the model aside.
 *
 * @returns {Promise<Map<string, string | Uint8Array>>} by name
 */
export async function pageFiles() {
  const scripts = await bundle({ app: 'app.js', worker: 'lib/worker.js' });
  const html = await readFile(`${WWW}index.html`, 'utf8');
  // What the page's own script imports, asked for at once.
  const preload = scripts[0].imports.map((name) => `<link rel="modulepreload" href="./${name}">`).join('\n');
  const modules = (await readdir(`${WWW}lib/wasm`)).filter((name) => name.endsWith('.wasm'));
  return new Map([
    ['index.html', html.replace(/<link rel="modulepreload".*>/, preload)],
    ['style.css', await readFile(`${WWW}style.css`)],
    ...scripts.map(({ fileName, code }) => /** @type {const} */ ([fileName, code])),
    ...await Promise.all(modules.map(async (name) => /** @type {const} */ ([name, await readFile(`${WWW}lib/wasm/${name}`)]))),
  ]);
}

/** @param {string} folder */
export async function writePage(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, content] of await pageFiles()) await writeFile(path.join(folder, name), content);
  await cp(`${WWW}${MODEL}`, path.join(folder, MODEL), { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writePage(process.argv[2] ?? fileURLToPath(new URL('../dist/', import.meta.url)));
}
