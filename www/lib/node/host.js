/** What the package stands on in Node, Deno and Bun. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HeadwiseError } from '../errors.js';
import { compile, fetchModule } from '../runtime/modules.js';
import { Runtime } from '../runtime/runtime.js';
import { Store } from '../store/store.js';
import { DiskCaches } from './cache.js';
import { localChannel } from './channel.js';
import { disk } from './disk.js';
import { cacheFolder, hubOptions } from './environment.js';
import { folderOf, openFolder } from './folder.js';
import { DiskLocks } from './locks.js';

/**
 * A host that starts no workers.
 * @param {import('../runtime/glue.js').Init} init
 * @param {import('../runtime/glue.js').Glue} glue
 * @returns {import('../host.js').Host}
 */
export function nodeHost(init, glue) {
  return {
    runtime: new Runtime(init, glue, readModule),
    store: storeIn(cacheFolder()),
    storeAt: (folder) => (folder ? storeIn(path.resolve(folder)) : undefined),
    openFolder,
    folderOf,
    defaults: hubOptions,
    modules: () => ({
      relaxed: new URL('../wasm/headwise_relaxed.wasm', import.meta.url).href,
      simd128: new URL('../wasm/headwise_simd128.wasm', import.meta.url).href,
    }),
    workers: [],
    channel: localChannel,
  };
}

/** What was downloaded into a folder. @param {string} folder */
export function storeIn(folder) {
  /** @type {any} */
  const scope = { caches: new DiskCaches(folder), navigator: { locks: new DiskLocks(path.join(folder, 'locks')), storage: disk(folder) } };
  return new Store(scope);
}

/** @param {string} url */
async function readModule(url) {
  if (!url.startsWith('file:')) return fetchModule(url);
  const bytes = await readFile(new URL(url)).catch((cause) => {
    throw new HeadwiseError('module', `The WebAssembly module ${url} cannot be read. A bundler that leaves it behind has to `
      + 'take headwise as external; or say with the option “wasm” where it is.', { url, option: 'wasm' }, { cause });
  });
  return compile(new Uint8Array(bytes), url);
}
