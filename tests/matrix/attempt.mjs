/**
 * A tool with the packed package: both installed in a folder of their own, with a model in `./model`. A `try.mjs` gets the
 * tarball's path, and prints one line of JSON: {tool, version, works, ms, note}.
 */

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startPlainHub } from '../e2e/fake_hub.mjs';
import { MODEL, call, inProject, print } from './support.mjs';

export { call };

const { cases: [{ text, results: [best] }] } = JSON.parse(await readFile(`${MODEL}/expected.json`, 'utf8'));

/** A text, and what the model says of it. */
export const TEXT = text;

/** A module that prints that, by `import`; and one by `require`. */
export const USE = (load = "import { pipeline } from 'headwise';", model = './model') => `${load}
async function main() {
  const classify = await pipeline('text-classification', '${model}');
  const results = await classify(${JSON.stringify(text)});
  console.log(JSON.stringify({ ...results[0], variant: results.meta.variant, warnings: classify.model.warnings }));
}
main();
`;

/** Whether that was printed, without a warning. @param {string} output */
export function check(output) {
  const { label, score, variant, warnings } = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  if (label !== best.label || Math.abs(score - best.score) > 1e-4) throw new Error(`${label} ${score}, not ${best.label} ${best.score}`);
  if (warnings?.length > 0) throw new Error(warnings.join());
  return variant;
}

/**
 * Uses a model of a Hub twice: the second time it is on disk.
 *
 * @param {string} folder
 * @param {string} command
 * @param {string[]} args  before the module’s name
 */
export async function useTwice(folder, command, args = []) {
  const hub = await startPlainHub({ 'tiny/bert': { folder: MODEL } });
  try {
    await writeFile(path.join(folder, 'hub.mjs'), USE(undefined, 'tiny/bert'));
    const env = { ...process.env, HF_ENDPOINT: hub.endpoint, HEADWISE_CACHE: path.join(folder, 'cache') };
    for (const _ of [1, 2]) check(await call(folder, command, [...args, 'hub.mjs'], { env }));
    const downloads = hub.log.filter(({ path: asked }) => asked.includes('Signature')).length;
    if (downloads !== 1) throw new Error(`the model was downloaded ${downloads} times`);
  } finally {
    await hub.close();
  }
}

/**
 * @param {string} tool
 * @param {string} version
 * @param {string[]} packages  with their versions
 * @param {(folder: string) => Promise<string>} use  resolves to a note
 */
export async function attempt(tool, version, packages, use) {
  const wanted = Object.fromEntries(packages.map((one) => [one.slice(0, one.lastIndexOf('@')), one.slice(one.lastIndexOf('@') + 1)]));
  const project = { packages: wanted, files: {}, models: 'model' };
  const report = await inProject(path.resolve(process.argv[2]), project, async (folder) => {
    const started = performance.now();
    const note = await use(folder);
    return { works: true, ms: Math.round(performance.now() - started), note };
  }).catch(({ message, stderr = '' }) => ({ works: false, note: `${message} ${stderr}`.slice(0, 1000) }));
  print({ tool, version, ...report });
}
