/**
 * The small files of a model: its configuration and its tokenizer, in whichever form it has one, and whatever else
 * a task wants to know.
 */

const CONFIG = 'config.json';
const MODULES = 'modules.json';
/** Of an adapter, in place of a model or beside one: its loader says what that means. */
const ADAPTER = 'adapter_config.json';

/** Files that are looked for while nobody can be asked what else there may be. */
const FIRST = [CONFIG, 'tokenizer.json', 'tokenizer_config.json'];

/** @typedef {import('../base/chunks.js').Bytes} Bytes */

/**
 * What of a model is loaded: all that a task needs; the encoder with a head, or `'base'` without one; its tokenizer;
 * or its configuration.
 * @typedef {{part: 'pipeline', task: string} | {part: 'model', head: string} | {part: 'tokenizer'} | {part: 'config'}} What
 */

/**
 * Small files by their names; the folder of the encoder, which is `''` unless a model of sentence-transformers has one
 * for it; its configuration, which is among the files; and what is to be said about them.
 * @typedef {{small: Record<string, Bytes>, home: string, config: Bytes, warnings: string[]}} SmallFiles
 */

/**
 * Reads what is there of the small files: first what can be asked for while the WASM module is still on its way, then
 * what that leaves open. Only the encoder's configuration has to be there; what else a model lacks, its loader says.
 * @param {import('./files.js').ModelFiles} files
 * @param {Promise<import('../runtime/runtime.js').Instance> | undefined} opened the module, where one is needed
 * @param {What} what
 * @param {{config?: string}} [options] `config` takes the place of the encoder's configuration
 * @param {(file: string, bytes: Uint8Array) => void} [onFile] told of each file that is there
 * @returns {Promise<SmallFiles>}
 */
export async function readSmallFiles(files, opened, what, { config } = {}, onFile) {
  /** Those that were looked for. @type {Record<string, Bytes | undefined>} */
  const asked = {};
  /** @type {string[]} */
  const refused = [];
  // Which folder is the encoder's, a model of sentence-transformers has to say first.
  let home = mayHaveModules(what) ? undefined : '';
  /** @param {string} file */
  const read = async (file) => {
    const isConfig = home !== undefined && file === home + CONFIG;
    asked[file] = undefined;
    if (isConfig && config !== undefined) {
      asked[file] = new TextEncoder().encode(config);
      return;
    }
    try {
      const bytes = asked[file] = await files.read(file);
      onFile?.(file, bytes);
    } catch (error) {
      if (!files.isAbsent(file, error)) throw error;
      if (isConfig && what.part !== 'tokenizer' && !await isAdapter()) throw error;
      if (error.details.status === 403) refused.push(file);
    }
  };
  const isAdapter = async () => {
    if (what.part === 'config') return false;
    await read(home + ADAPTER);
    return asked[home + ADAPTER] !== undefined;
  };
  const only = what.part === 'config' || what.part === 'model' ? [CONFIG] : undefined;
  await Promise.all([opened, ...(only ?? (home === undefined ? [MODULES] : FIRST)).map(read)]);
  if (opened && !only) {
    const instance = await opened;
    // The task with nothing of its own.
    const task = what.part === 'pipeline' ? what.task : 'text-classification';
    for (;;) {
      const names = instance.call((glue) => glue.small_files(task, asked));
      home ??= names.find((name) => /(^|\/)config\.json$/.test(name))?.slice(0, -CONFIG.length) ?? '';
      const next = names.filter((name) => !(name in asked));
      if (next.length === 0) break;
      await Promise.all(next.map(read));
    }
  }
  if (opened && what.part !== 'tokenizer' && files.lists(home + ADAPTER)) await read(home + ADAPTER);
  const found = /** @type {[string, Bytes][]} */ (Object.entries(asked).filter(([, bytes]) => bytes));
  const small = Object.fromEntries(found);
  return { small, home: home ?? '', config: small[home + CONFIG], warnings: refused.length ? [warningOf(refused)] : [] };
}

/** Whether the model may be in several folders, as those of sentence-transformers. @param {What} what */
export function mayHaveModules(what) {
  return what.part === 'pipeline' && what.task === 'feature-extraction';
}

/** @param {string[]} names */
function warningOf(names) {
  return `the server refuses ${names.sort().join(', ')} (status 403): they count as absent.`;
}
