/** What the commands have in common: the engine in this thread, and the files of a model that a load reads. */

import { statSync } from 'node:fs';
import path from 'node:path';
import { glue, init } from '../www/lib/generated.js';
import { nodeHost } from '../www/lib/node/host.js';
import { withModules } from '../www/lib/runtime/modules.js';
import { openFiles, sourceOf } from '../www/lib/source/files.js';
import { readSmallFiles } from '../www/lib/source/small.js';
import { newLoader, weightFiles } from '../www/lib/source/weights.js';
import { taskOf } from '../www/lib/tasks/index.js';

export const host = nodeHost(init, glue);

/** Options of the commands that take a model of a Hub. */
export const HUB = /** @type {const} */ ({
  revision: { type: 'string', help: 'branch, tag or commit (main)' },
  endpoint: { type: 'string', help: 'base URL of a Hub or a mirror (HF_ENDPOINT, or huggingface.co)' },
  token: { type: 'string', help: 'access token (HF_TOKEN)' },
});

export const TASK = /** @type {const} */ ({ task: { type: 'string', help: 'what the model is for (by its config.json)' } });

/** The ends of class names by which a configuration tells what its model is for. @type {[RegExp, string][]} */
const CLASSES = [
  [/ForSequenceClassification$/, 'text-classification'],
  [/ForTokenClassification$/, 'token-classification'],
  [/ForQuestionAnswering$/, 'question-answering'],
  [/ForMultipleChoice$/, 'multiple-choice'],
  [/ForMaskedLM$/, 'fill-mask'],
];

/** A reference to a model: as in Python, a folder that is there comes before a Hub's model of its name. @param {string} model */
export function modelOf(model) {
  return statSync(model, { throwIfNoEntry: false })?.isDirectory() ? path.resolve(model) : model;
}

/** An instance of the module in this thread. */
export function openEngine() {
  return withModules(host, (wasm) => host.runtime.open({ wasm }));
}

/**
 * The files of a model. They have to be closed.
 * @param {string} model
 * @param {{revision?: string, endpoint?: string, token?: string}} options
 * @param {Partial<typeof host>} [instead] of the host
 */
export async function filesOf(model, options, instead) {
  const given = { ...host.defaults?.(), ...options };
  const newSha256 = async () => (await openEngine()).sha256();
  return openFiles(sourceOf(modelOf(model), given, host), { ...host, ...instead }, { ...given, signal: new AbortController().signal, newSha256 });
}

/** @typedef {import('../www/lib/source/files.js').ModelFiles} ModelFiles */

/**
 * What a model is for: what is asked, or else what its configuration says.
 * @param {ModelFiles} files
 * @param {string} [asked]
 */
export async function taskFor(files, asked) {
  if (asked) return taskOf(/** @type {any} */ (asked));
  const { architectures: [name] = [] } = await configOf(files);
  return CLASSES.find(([pattern]) => pattern.test(name))?.[1] ?? 'feature-extraction';
}

/** `config.json`; one that is elsewhere, as in some models of sentence-transformers, is empty. @param {ModelFiles} files */
export async function configOf(files) {
  const bytes = await files.read('config.json').catch(async (error) => {
    if (!files.isAbsent('config.json', error) || !await files.has('modules.json')) throw error;
    return new TextEncoder().encode('{}');
  });
  return JSON.parse(new TextDecoder().decode(bytes));
}

/**
 * What a load for a task reads: the small files, and the names of those with weights.
 * @param {ModelFiles} files
 * @param {string} task
 */
export async function readModel(files, task) {
  const instance = await openEngine();
  const what = /** @type {const} */ ({ part: 'pipeline', task });
  const found = await readSmallFiles(files, Promise.resolve(instance), what);
  /** @param {Record<string, Uint8Array>} index @param {object} [options] */
  const makeLoader = (index, options) => newLoader(instance, what, { ...found.small, ...index }, options);
  const weights = await weightFiles(files, found.home, instance, async (index) => makeLoader(index));
  return { ...found, instance, weights, makeLoader };
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1)} MB`;
}

/** @param {unknown} value */
export function printJson(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
