/** `headwise lock`: commit and hashes of a model, to be written into an application. */

import { lock } from '../../www/lib/source/lock.js';
import { HUB, TASK, filesOf, host, modelOf, printJson, taskFor } from '../model.mjs';

export const summary = 'Print the commit of a model and the hashes of the files that a load reads';
export const more = 'They are options of a load: nothing else is loaded then.';
export const places = ['MODEL'];
export const needed = 1;
export const options = { ...HUB, ...TASK };

/** @param {any} options @param {string[]} places */
export async function run({ task: asked, json, ...where }, [model]) {
  const files = await filesOf(model, where);
  const task = await taskFor(files, asked).finally(() => files.close());
  const { commit: revision, integrity } = await lock(modelOf(model), task, where, host);
  const options = { ...revision && { revision }, integrity };
  if (json) return printJson(options);
  const lines = Object.entries(integrity).map(([name, hash]) => `    '${name}': '${hash}',`);
  const at = revision ? `  revision: '${revision}',\n` : '';
  process.stdout.write(`const options = {\n${at}  integrity: {\n${lines.join('\n')}\n  },\n};\n`);
}
