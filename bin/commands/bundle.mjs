/** `headwise bundle`: the package in one classic script, for pages without a loader of modules (`file://`). */

import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const INLINE = new URL('../../www/lib/inline/', import.meta.url);

/** What lacks the copies that stand before it. */
const SCRIPT = 'global.js';

export const summary = 'Write the package as one script for <script src>, whose global is headwise';
export const places = ['FILE'];
export const needed = 1;
export const options = {};

/** @param {object} _options @param {string[]} places */
export async function run(_options, [file]) {
  const names = (await readdir(INLINE)).filter((name) => name.endsWith('.js') && name !== SCRIPT);
  const copies = await Promise.all(names.map(async (name) =>
    [path.basename(name, '.js'), (await import(new URL(name, INLINE).href)).default]));
  const script = await readFile(new URL(SCRIPT, INLINE), 'utf8');
  await writeFile(file, `globalThis.headwiseCopies = ${JSON.stringify(Object.fromEntries(copies))};\n${script}`);
}
