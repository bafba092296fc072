/**
 * The small files of a model: its configuration and its tokenizer, in whichever form it has one, and whatever else
 * a task wants to know.
 */

import { HeadwiseError } from './errors.js';

const CONFIG = 'config.json';
const TOKENIZER = 'tokenizer.json';
const MODULES = 'modules.json';

/** The configuration of the encoder, whichever folder it is in. */
const IS_CONFIG = /(^|\/)config\.json$/;

/** The forms that tokenizers had before they were one file. */
const OLD_TOKENIZERS = /(^|\/)(vocab\.txt|vocab\.json|merges\.txt|(special_tokens_map|added_tokens)\.json|(sentencepiece\.bpe|spiece|spm)\.model)$/;

/** Those that need no other. */
const WHOLE_VOCABULARIES = /(^|\/)(vocab\.txt|(sentencepiece\.bpe|spiece|spm)\.model)$/;

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * Small files by their names, and the folder of the encoder, which is `''` unless a model of sentence-transformers
 * has one for it.
 * @typedef {{small: Record<string, Bytes>, home: string}} SmallFiles
 */

/**
 * Reads what is there of the small files: first what can be asked for while the WASM module is still on its way, then
 * what that names, then the older forms of a tokenizer if there is no other.
 * @param {import('./load.js').AnyFiles} files
 * @param {import('./runtime.js').Runtime} runtime
 * @param {import('./load.js').What & {config?: string}} what `config` takes the place of the file
 * @param {{opened?: Promise<void>, onFile?: (file: string, bytes: Uint8Array) => void}} [options] `opened` tells when
 *   the runtime is open, if it is not; `onFile` is told of each file that is there
 * @returns {Promise<SmallFiles>}
 */
export async function readSmallFiles(files, runtime, what, { opened, onFile } = {}) {
  /** @type {Record<string, Bytes>} */
  const small = {};
  /** @type {Set<string>} */
  const asked = new Set();
  /** @param {string} file */
  const read = async (file) => {
    if (asked.has(file)) return;
    asked.add(file);
    if (IS_CONFIG.test(file) && what.config !== undefined) {
      small[file] = new TextEncoder().encode(what.config);
      return;
    }
    try {
      small[file] = await files.read(file);
      onFile?.(file, small[file]);
    } catch (error) {
      if (!files.isAbsent(file, error) || (IS_CONFIG.test(file) && what.part !== 'tokenizer')) throw error;
    }
  };
  await Promise.all([opened, ...knownNames(what).map(read)]);
  const names = namesFor(what, runtime, small[MODULES]);
  const home = names.find((name) => IS_CONFIG.test(name))?.slice(0, -CONFIG.length) ?? '';
  await Promise.all(names.filter((name) => !OLD_TOKENIZERS.test(name)).map(read));
  if (names.includes(home + TOKENIZER)) {
    if (!(home + TOKENIZER in small)) await Promise.all(names.filter((name) => OLD_TOKENIZERS.test(name)).map(read));
    checkTokenizer(Object.keys(small), home);
  }
  return { small, home };
}

/**
 * Files that are looked for whatever else there is.
 * @param {import('./load.js').What} what
 */
function knownNames(what) {
  if (what.part === 'config') return [CONFIG];
  return 'task' in what && what.task === 'feature-extraction' ? [MODULES] : [CONFIG, TOKENIZER, 'tokenizer_config.json'];
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
    default: return [CONFIG];
  }
}

/** @param {string[]} names of the files that are there @param {string} home */
function checkTokenizer(names, home) {
  const whole = names.some((name) => name === home + TOKENIZER || WHOLE_VOCABULARIES.test(name));
  if (whole || (names.includes(`${home}vocab.json`) && names.includes(`${home}merges.txt`))) return;
  throw new HeadwiseError('tokenizer',
    'The model has no tokenizer: neither tokenizer.json, nor vocab.txt, nor vocab.json with merges.txt, nor a model of '
    + `SentencePiece (sentencepiece.bpe.model, spiece.model or spm.model); files found: ${names.join(', ') || 'none'}. `
    + 'Save a fast one with Python: tokenizer = transformers.AutoTokenizer.from_pretrained(ID); '
    + 'tokenizer.save_pretrained(FOLDER)',
    { file: TOKENIZER, files: names });
}
