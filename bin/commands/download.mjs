/** `headwise download`: the files of a model that a load reads, for an application that serves them itself. */

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { FolderStore } from '../folder_store.mjs';
import { HUB, TASK, filesOf, megabytes, printJson, readModel, taskFor } from '../model.mjs';

export const summary = 'Write the files of a Hub’s model that a load reads into a folder';
export const more = 'Each is checked against the hash that the Hub has; called again, it goes on where it ended.';
export const places = ['ID', 'DIR'];
export const needed = 1;
export const options = { ...HUB, ...TASK };

/** @param {any} options @param {string[]} places */
export async function run({ task: asked, json, ...where }, [id, folder = /** @type {string} */ (id.split('/').at(-1))]) {
  const store = /** @type {any} */ (new FolderStore(folder));
  const files = await filesOf(id, where, { store, folderOf: undefined });
  try {
    const task = await taskFor(files, asked);
    const { small, weights } = await readModel(files, task);
    for (const [name, bytes] of Object.entries(small)) if (!files.stores) await save(store, name, [bytes]);
    for (const name of weights.filter((name) => !(name in small))) await fetchFile(files, store, name);
    const names = [...new Set([...Object.keys(small), ...weights])].sort();
    const sizes = await Promise.all(names.map(async (name) => /** @type {const} */ ([name, (await stat(path.join(folder, name))).size])));
    if (json) return printJson({ id, commit: files.commit, folder, task, files: Object.fromEntries(sizes) });
    for (const [name, size] of sizes) process.stdout.write(`${path.join(folder, name)}  ${megabytes(size)}\n`);
    const at = `./${path.relative('.', folder).split(path.sep).join('/')}/`;
    process.stdout.write(`\nServe the folder with your page; then\n  const pipe = await pipeline('${task}', '${at}');\n`);
  } finally {
    files.close();
  }
}

/** @param {import('../model.mjs').ModelFiles} files @param {any} store @param {string} name */
async function fetchFile(files, store, name) {
  const stream = await files.stream(name);
  try {
    if (!files.stores) return await save(store, name, chunksOf(stream));
    // The store takes what passes by.
    while (await stream.next());
  } finally {
    stream.close();
  }
}

/** A file of a host that tells no hashes. @param {any} store @param {string} name @param {any} chunks */
async function save(store, name, chunks) {
  const writer = await store.keep({}, name, {});
  for await (const chunk of chunks) await writer.write(chunk);
  await writer.finish();
}

/** @param {import('../../www/lib/source/stream.js').FileStream} stream */
async function* chunksOf(stream) {
  for (let chunk; (chunk = await stream.next());) yield chunk;
}
