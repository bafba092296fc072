/** A Cloudflare Worker, bundled as wrangler does it: with esbuild, its conditions, and modules of WebAssembly beside. */

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TEXT, attempt, check } from '../attempt.mjs';

const VERSION = '4.20260426.0';

const WORKER = `
import { pipeline } from 'headwise';
export default {
  async fetch(request, env) {
    const classify = await pipeline('text-classification', 'https://models.test/model/', { fetch: env.MODELS.fetch.bind(env.MODELS), worker: false });
    const results = await classify(${JSON.stringify(TEXT)});
    return Response.json({ ...results[0], variant: results.meta.variant, warnings: classify.model.warnings });
  },
};
`;

await attempt('workerd', VERSION, [`miniflare@${VERSION}`, 'esbuild@0.25.0'], async (folder) => {
  const from = async (/** @type {string} */ name, /** @type {string} */ file) =>
    import(pathToFileURL(path.join(folder, 'node_modules', name, file)).href);
  const { build } = (await from('esbuild', 'lib/main.js')).default;
  const { Miniflare } = await from('miniflare', 'dist/src/index.js');
  await writeFile(path.join(folder, 'worker.js'), WORKER);
  /** @type {string[]} */
  const modules = [];
  const { outputFiles: [{ contents }] } = await build({
    entryPoints: [path.join(folder, 'worker.js')], bundle: true, write: false, format: 'esm', target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    plugins: [{ name: 'wasm', setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, ({ path: name, resolveDir }) => {
      modules.push(path.join(resolveDir, name));
      return { path: `./${path.basename(name)}`, external: true };
    }) }],
  });
  const flare = new Miniflare({
    compatibilityDate: '2026-01-01',
    modules: [
      { type: 'ESModule', path: 'worker.js', contents: Buffer.from(contents).toString() },
      ...await Promise.all(modules.map(async (file) => ({ type: 'CompiledWasm', path: path.basename(file), contents: await readFile(file) }))),
    ],
    serviceBindings: {
      MODELS: async (/** @type {any} */ request) => new (await from('miniflare', 'dist/src/index.js')).Response(await readFile(path.join(folder, new URL(request.url).pathname)).catch(() => null) ?? 'none', { status: 200 }),
    },
  });
  try {
    return check(await (await flare.dispatchFetch('https://worker.test/')).text());
  } finally {
    await flare.dispose();
  }
});
