/** What the tests of a file share: started before the first, closed behind the last, what was started last first. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { writePage } from '../../tools/bundle.mjs';
import { WWW } from './harness.mjs';

/** @type {{close: () => Promise<void>}[]} */
const started = [];

after(async () => {
  for (const one of started.reverse()) await one.close();
});

/**
 * Has a server or a browser closed when the tests of this file are over.
 *
 * @template {{close: () => Promise<void>}} T
 * @param {T} one
 */
export function shared(one) {
  started.push(one);
  return one;
}

/** An empty folder, deleted when the tests of this file are over. */
export async function sharedFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), 'headwise-'));
  shared({ close: () => rm(folder, { recursive: true }) });
  return folder;
}

/** The demo page as it ships; beside it the package and the model it was made of, to compare with. */
export async function sharedPage() {
  const folder = await sharedFolder();
  await writePage(folder);
  await symlink(`${WWW}lib`, path.join(folder, 'lib'));
  await symlink(`${WWW}models/emotions`, path.join(folder, 'models/emotions'));
  return folder;
}
