/** Deno with the package in `node_modules`. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { USE, attempt, call, check, useTwice } from '../attempt.mjs';

const VERSION = '2.9.6';

await attempt('deno', VERSION, [`deno@${VERSION}`], async (folder) => {
  await writeFile(path.join(folder, 'use.mjs'), USE());
  const deno = path.join(folder, 'node_modules/.bin/deno');
  const args = ['run', '-A', '--no-lock'];
  await useTwice(folder, deno, args);
  return check(await call(folder, deno, [...args, 'use.mjs']));
});
