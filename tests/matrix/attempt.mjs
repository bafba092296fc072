/**
 * A tool with the packed package: both installed in a folder of their own, with a model in `./model`. A `try.mjs` gets the
 * tarball's path, and prints one line of JSON: {tool, version, works, ms, note}.
 */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startPlainHub } from '../e2e/fake_hub.mjs';

const MODEL = fileURLToPath(new URL('../golden/hub/tiny-bert/', import.meta.url));
const { cases: [{ text, results: [best] }] } = JSON.parse(await readFile(`${MODEL}expected.json`, 'utf8'));

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

/** @param {string} folder @param {string} command @param {string[]} args @param {object} [options] */
export async function call(folder, command, args, options) {
  const { stdout } = await promisify(execFile)(command, args, { cwd: folder, timeout: 300_000, maxBuffer: 1 << 26, ...options });
  return stdout;
}

/**
 * @param {string} tool
 * @param {string} version
 * @param {string[]} packages  with their versions
 * @param {(folder: string) => Promise<string>} use  resolves to a note
 */
export async function attempt(tool, version, packages, use) {
  const folder = await mkdtemp(path.join(os.tmpdir(), `headwise-${tool}-`));
  let outcome;
  let started = performance.now();
  try {
    await writeFile(path.join(folder, 'package.json'), '{"name": "app", "private": true, "type": "module"}');
    await call(folder, 'npm', ['install', '--no-fund', '--no-audit', path.resolve(process.argv[2]), ...packages]);
    await cp(MODEL, path.join(folder, 'model'), { recursive: true });
    started = performance.now();
    outcome = { works: true, note: await use(folder) };
  } catch (error) {
    const { message, stderr = '' } = /** @type {any} */ (error);
    outcome = { works: false, note: `${message} ${stderr}`.slice(0, 1000) };
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { works, note } = outcome;
  console.log(JSON.stringify({ tool, version, works, ms: Math.round(performance.now() - started), note }));
}
