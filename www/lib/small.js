/**
 * The small files of a model: its configuration and its tokenizer, in whichever form it has one, and whatever else
 * a task wants to know.
 */

import { HeadwiseError } from './errors.js';

const TOKENIZER = 'tokenizer.json';
const MODULES = 'modules.json';

/** The forms that tokenizers had before they were one file. */
const OLD_TOKENIZERS = /(^|\/)(vocab\.txt|vocab\.json|merges\.txt|special_tokens_map\.json|(sentencepiece\.bpe|spiece|spm)\.model)$/;

/** Those that need no other. */
const WHOLE_VOCABULARIES = /(^|\/)(vocab\.txt|(sentencepiece\.bpe|spiece|spm)\.model)$/;

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * Small files by their names, and the folder of the encoder, which is `''` unless a model of sentence-transformers
 * has one for it.
 * @typedef {{small: Record<string, Bytes>, home: string}} SmallFiles
 */

/**
 * Reads what is there of the small files.
 * @param {import('./load.js').AnyFiles} files
 * @param {import('./runtime.js').Runtime} runtime that is open
 * @param {import('./load.js').What & {config?: string}} what `config` takes the place of the file
 * @param {(file: string, bytes: Uint8Array) => void} [onFile] told of each that is there
 * @returns {Promise<SmallFiles>}
 */
export async function readSmallFiles(files, runtime, what, onFile) {
  /** @param {string} file @returns {Promise<[string, Bytes][]>} */
  const required = async (file) => {
    const bytes = await files.read(file);
    onFile?.(file, bytes);
    return [[file, bytes]];
  };
  /** @param {string} file @returns {Promise<[string, Bytes][]>} */
  const optional = (file) => required(file).catch((error) => {
    if (files.isAbsent(file, error)) return [];
    throw error;
  });
  const modules = 'task' in what && what.task === 'feature-extraction' ? await optional(MODULES) : [];
  const names = namesFor(what, runtime, modules[0]?.[1]);
  const home = (names.find((name) => /(^|\/)config\.json$/.test(name)) ?? '').replace(/config\.json$/, '');
  const configuration = async () => {
    const name = `${home}config.json`;
    if (what.config === undefined) return what.part === 'tokenizer' ? optional(name) : required(name);
    return /** @type {[string, Bytes][]} */ ([[name, new TextEncoder().encode(what.config)]]);
  };
  const tokenizer = async () => {
    const whole = names.includes(home + TOKENIZER) ? await optional(home + TOKENIZER) : [];
    if (whole.length) return whole;
    return (await Promise.all(names.filter((name) => OLD_TOKENIZERS.test(name)).map(optional))).flat();
  };
  const special = [`${home}config.json`, home + TOKENIZER, MODULES];
  const others = names.filter((name) => !special.includes(name) && !OLD_TOKENIZERS.test(name));
  const found = await Promise.all([modules, configuration(), tokenizer(), ...others.map(optional)]);
  const small = Object.fromEntries(found.flat());
  if (names.includes(home + TOKENIZER)) checkTokenizer(Object.keys(small), home);
  return { small, home };
}

/**
 * @param {import('./load.js').What} what
 * @param {import('./runtime.js').Runtime} runtime
 * @param {Uint8Array} [modules] the file that says how a model of sentence-transformers is made up
 * @returns {string[]}
 */
function namesFor(what, runtime, modules) {
  switch (what.part) {
    case 'pipeline': return runtime.call((glue) => glue.small_files(what.task, modules));
    // The task with nothing of its own.
    case 'tokenizer': return runtime.call((glue) => glue.small_files('text-classification'));
    default: return ['config.json'];
  }
}

/** @param {string[]} names of the files that are there @param {string} home */
function checkTokenizer(names, home) {
  const whole = names.some((name) => name === home + TOKENIZER || WHOLE_VOCABULARIES.test(name));
  if (whole || (names.includes(`${home}vocab.json`) && names.includes(`${home}merges.txt`))) return;
  throw new HeadwiseError('not-found',
    'The model has no tokenizer: neither tokenizer.json, nor vocab.txt, nor vocab.json with merges.txt, nor a model of '
    + 'SentencePiece (sentencepiece.bpe.model, spiece.model or spm.model).',
    { file: TOKENIZER });
}
