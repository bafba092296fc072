/** Bun with the package in `node_modules`. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { USE, attempt, call, check, useTwice } from '../attempt.mjs';

const VERSION = '1.4.5';

await attempt('bun', VERSION, [`bun@${VERSION}`], async (folder) => {
  await writeFile(path.join(folder, 'use.mjs'), USE());
  const bun = path.join(folder, 'node_modules/.bin/bun');
  await useTwice(folder, bun);
  return check(await call(folder, bun, ['use.mjs']));
});
