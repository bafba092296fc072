/** `headwise inspect`: what a model is, from its configuration and the headers of its weights alone. */

import { TASKS } from '../../www/lib/tasks/index.js';
import { HUB, configOf, filesOf, megabytes, openEngine, printJson, readModel, taskFor } from '../model.mjs';

export const summary = 'Tell what a model is, how large, and which tasks it can do';
export const places = ['MODEL'];
export const needed = 1;
export const options = { ...HUB };

/** @typedef {{present: boolean, code?: string, reason?: string}} Ability */

/** @param {any} options @param {string[]} places */
export async function run({ json, ...where }, [model]) {
  const files = await filesOf(model, where);
  try {
    const report = await reportOf(files);
    if (json) return printJson(report);
    process.stdout.write(`${linesOf(model, report).join('\n')}\n`);
  } finally {
    files.close();
  }
}

/** @param {import('../model.mjs').ModelFiles} files */
async function reportOf(files) {
  const config = await configOf(files);
  const task = await taskFor(files);
  const { weights, warnings } = await readModel(files, task);
  /** @type {Map<string, Uint8Array>} */
  const headers = new Map();
  for (const name of weights.filter((name) => name.endsWith('.safetensors'))) headers.set(name, await headerOf(files, name));
  const tensors = [...headers.values()].flatMap((header) => Object.entries(JSON.parse(new TextDecoder().decode(header.subarray(8)))))
    .filter(([name]) => name !== '__metadata__').map(([, entry]) => entry);
  const fileBytes = [...headers.values()].reduce((sum, header) => sum + header.length, 0)
    + tensors.reduce((sum, { data_offsets: [from, to] }) => sum + to - from, 0);
  /** @type {Record<string, number>} */
  const parameters = {};
  for (const { dtype, shape } of tensors) {
    const count = shape.reduce((/** @type {number} */ product, /** @type {number} */ side) => product * side, 1);
    parameters[dtype] = (parameters[dtype] ?? 0) + count;
  }
  /** @type {Record<string, Ability>} */
  const tasks = {};
  for (const name of Object.keys(TASKS)) tasks[name] = await ability(files, name, headers);
  return {
    model_type: config.model_type,
    class: config.architectures?.[0] ?? null,
    labels: config.id2label ? Object.values(config.id2label) : [],
    problem_type: config.problem_type ?? null,
    commit: files.commit,
    file_bytes: fileBytes,
    tensors: tensors.length,
    parameters,
    task,
    tasks,
    warnings,
  };
}

/** The beginning of a file of safetensors: a length in eight bytes, and so many of JSON. @param {import('../model.mjs').ModelFiles} files @param {string} name */
async function headerOf(files, name) {
  const stream = await files.stream(name);
  let bytes = Buffer.alloc(0);
  try {
    const length = () => (bytes.length < 8 ? 8 : 8 + Number(bytes.readBigUInt64LE()));
    for (let chunk; bytes.length < length() && (chunk = await stream.next());) bytes = Buffer.concat([bytes, chunk]);
    return new Uint8Array(bytes.subarray(0, length()));
  } finally {
    stream.close();
  }
}

/**
 * Whether a model can do a task: whether its loader finds all that it needs.
 * @param {import('../model.mjs').ModelFiles} files
 * @param {string} task
 * @param {Map<string, Uint8Array>} headers
 * @returns {Promise<Ability>}
 */
async function ability(files, task, headers) {
  const instance = await openEngine();
  /** @type {import('../../www/lib/runtime/glue.js').Loader | undefined} */
  let loader;
  try {
    const { makeLoader, weights, home } = await readModel(files, task);
    const list = weights.find((name) => name.endsWith('.index.json'));
    const made = loader = makeLoader(list ? { [list.slice(home.length)]: await files.read(list) } : {});
    const names = instance.call(() => made.files);
    for (const [place, name] of names.entries()) {
      const header = headers.get(name) ?? await headerOf(files, name);
      instance.call(() => made.push(place, header));
    }
    return { present: true };
  } catch (error) {
    const { code, message } = /** @type {import('../../www/lib/errors.js').HeadwiseError} */ (error);
    if (!code) throw error;
    return { present: false, code, reason: message };
  } finally {
    instance.free(loader);
  }
}

/** @param {string} model @param {Awaited<ReturnType<typeof reportOf>>} report */
function linesOf(model, { model_type, class: name, labels, file_bytes, parameters, tensors, task: own, tasks, commit, warnings }) {
  const can = Object.entries(tasks).filter(([, { present }]) => present).map(([task]) => (task === own ? `${task} (its own)` : task));
  const cannot = Object.entries(tasks).filter(([, { present }]) => !present);
  const numbers = Object.entries(parameters).map(([dtype, count]) => `${count.toLocaleString('en')} numbers in ${dtype}`).join(', ');
  return [
    `${model}: ${model_type ?? 'a model'}${name ? `, ${name}` : ''}${commit ? `, commit ${commit}` : ''}`,
    ...labels.length ? [`labels: ${labels.length}: ${labels.slice(0, 12).join(', ')}${labels.length > 12 ? ', …' : ''}`] : [],
    `weights: ${megabytes(file_bytes)}, ${tensors} tensors, ${numbers}`,
    `tasks: ${can.join(', ') || 'none'}`,
    ...cannot.map(([task, { code, reason }]) => `  not ${task}: ${reason} [${code}]`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
}
