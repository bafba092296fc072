/** Node by `import`, and from 22 on by `require` too. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { USE, attempt, call, check, useTwice } from '../attempt.mjs';

for (const version of [process.version.slice(1), '22.20.0', '24.11.0']) {
  const own = `v${version}` === process.version;
  await attempt('node', version, own ? [] : [`node@${version}`], async (folder) => {
    const node = own ? process.execPath : path.join(folder, 'node_modules/node/bin/node');
    const found = (await call(folder, node, ['--version'])).trim();
    if (found !== `v${version}`) throw new Error(`this is ${found}`);
    await writeFile(path.join(folder, 'use.mjs'), USE());
    await writeFile(path.join(folder, 'use.cjs'), USE("const { pipeline } = require('headwise');"));
    const variant = check(await call(folder, node, ['use.mjs']));
    await useTwice(folder, node);
    if (Number(version.split('.')[0]) < 22) return variant;
    check(await call(folder, node, ['use.cjs']));
    return `${variant}, require() too`;
  });
}
