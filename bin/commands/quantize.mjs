/** `headwise quantize`: a model whose weights take a quarter or half of the bytes, as the package stores them. */

import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { HeadwiseError } from '../../www/lib/errors.js';
import { FolderFiles, openFolder } from '../../www/lib/node/folder.js';
import { Progress } from '../../www/lib/source/progress.js';
import { WEIGHTS, loadWeights } from '../../www/lib/source/weights.js';
import { TASK, megabytes, printJson, readModel, taskFor } from '../model.mjs';

export const summary = 'Write a model whose weights take a quarter (q8) or half (fp16) of the bytes';
export const more = 'It is for Headwise; the native command writes one that Python reads, too.';
export const places = ['DIR', 'OUT'];
export const needed = 2;
export const options = /** @type {const} */ ({ dtype: { type: 'string', help: 'q8 or fp16 (q8)' }, ...TASK });

/** @param {any} options @param {string[]} places */
export async function run({ dtype = 'q8', task: asked, json }, [folder, target]) {
  if (!['q8', 'fp16'].includes(dtype)) {
    throw new HeadwiseError('option', `There is no dtype “${dtype}” to write. Supported: q8, fp16.`, { option: 'dtype', supported: ['q8', 'fp16'] });
  }
  if (await stat(target).catch(() => undefined)) throw new HeadwiseError('option', `${target} is there already.`, { option: 'OUT' });
  await openFolder(path.resolve(folder)); // refuses what is none
  // Under another name until it is whole.
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const files = new ConvertedFiles(path.resolve(folder), path.join(partial, WEIGHTS));
  const task = await taskFor(files, asked);
  const { small, weights, home, instance, makeLoader } = await readModel(files, task);
  const { loader, converted } = await loadWeights(files, {
    home, instance, keptAs: dtype, progress: new Progress(folder, () => {}),
    makeLoader: async (index, convert) => makeLoader(index, { dtype, convert }),
  });
  instance.free(loader);
  if (!converted) {
    await rm(partial, { recursive: true, force: true });
    throw new HeadwiseError('dtype', `The weights of ${folder} would not become smaller in ${dtype}.`, { dtype });
  }
  for (const name of Object.keys(small)) {
    await mkdir(path.dirname(path.join(partial, name)), { recursive: true });
    await copyFile(path.join(folder, name), path.join(partial, name));
  }
  await rename(partial, target);
  const bytes = async (/** @type {string} */ root, /** @type {string[]} */ names) =>
    (await Promise.all(names.map(async (name) => (await stat(path.join(root, name))).size))).reduce((sum, size) => sum + size, 0);
  const [before, after] = [await bytes(folder, weights), await bytes(target, [WEIGHTS])];
  if (json) return printJson({ dtype, task, bytes: { before, after } });
  process.stdout.write(`${target}: weights of ${megabytes(after)}, ${megabytes(before)} in ${folder}\n`);
}

/** A folder whose converted weights are written to a file. */
class ConvertedFiles extends FolderFiles {
  #target;

  /** @param {string} folder @param {string} target */
  constructor(folder, target) {
    super(folder);
    this.#target = target;
  }

  /** @override @returns {Promise<any>} */
  async keepConverted() {
    const handle = await open(this.#target, 'w');
    return {
      write: (/** @type {Uint8Array} */ bytes) => handle.appendFile(bytes),
      finish: async () => {
        await handle.close();
        return true;
      },
      discard: () => handle.close(),
    };
  }
}
