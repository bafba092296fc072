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

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * Small files by their names; the folder of the encoder, which is `''` unless a model of sentence-transformers has one
 * for it; and what is to be said about the files.
 * @typedef {{small: Record<string, Bytes>, home: string, warnings: string[]}} SmallFiles
 */

/**
 * Reads what is there of the small files: first what can be asked for while the WASM module is still on its way, then
 * what that leaves open. Only the encoder's configuration has to be there; what else a model lacks, its loader says.
 * @param {import('../engine/load.js').AnyFiles} files
 * @param {Promise<import('../runtime/runtime.js').Instance> | undefined} opened the module, where one is needed
 * @param {import('../engine/load.js').What & {config?: string}} what `config` takes the place of the encoder's configuration
 * @param {(file: string, bytes: Uint8Array) => void} [onFile] told of each file that is there
 * @returns {Promise<SmallFiles>}
 */
export async function readSmallFiles(files, opened, what, onFile) {
  /** Those that were looked for. @type {Record<string, Bytes | undefined>} */
  const asked = {};
  /** @type {string[]} */
  const refused = [];
  // Which folder is the encoder's, a model of sentence-transformers has to say first.
  const mayHaveModules = what.part === 'pipeline' && what.task === 'feature-extraction';
  let home = mayHaveModules ? undefined : '';
  /** @param {string} file */
  const read = async (file) => {
    const isConfig = home !== undefined && file === home + CONFIG;
    asked[file] = undefined;
    if (isConfig && what.config !== undefined) {
      asked[file] = new TextEncoder().encode(what.config);
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
  await Promise.all([opened, ...(only ?? (mayHaveModules ? [MODULES] : FIRST)).map(read)]);
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
  return { small: Object.fromEntries(found), home: home ?? '', warnings: refused.length ? [warningOf(refused)] : [] };
}

/** @param {string[]} names */
function warningOf(names) {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `the server refuses ${names.sort().slice(0, 5).join(', ')}${more} (status 403), as some do with what does not `
    + 'exist; they count as absent.';
}
