/** A test of an application in Vitest’s environment for Node, without any configuration. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TEXT, attempt, call, check } from '../attempt.mjs';

const VERSION = '4.1.12';

await attempt('vitest', VERSION, [`vitest@${VERSION}`], async (folder) => {
  await writeFile(path.join(folder, 'use.test.js'), `
    import { writeFileSync } from 'node:fs';
    import { pipeline } from 'headwise';
    import { expect, test } from 'vitest';
    test('classifies', async () => {
      const classify = await pipeline('text-classification', './model');
      const results = await classify(${JSON.stringify(TEXT)});
      expect(classify.model.warnings).toEqual([]);
      writeFileSync('result.json', JSON.stringify({ ...results[0], variant: results.meta.variant }));
    });`);
  await call(folder, path.join(folder, 'node_modules/.bin/vitest'), ['run']);
  return check(await call(folder, 'cat', ['result.json']));
});
