/**
 * The settings of transformers.js: what is set here holds for every load that follows. `load.js` reads them; those that
 * mean nothing here say once what takes their place.
 */

/** As transformers.js has them: a level shows what is as severe or more. */
export const LogLevel = Object.freeze({ DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, NONE: 50 });

/** Whether there is a page or a worker of one around, and no system of files. */
const isWeb = typeof globalThis.document !== 'undefined' || 'WorkerGlobalScope' in globalThis;

/** Where a Hub has a model's files. */
export const HUB_PATH = '{model}/resolve/{revision}/';

/** @typedef {(input: any, init?: any) => Promise<Response>} Fetch */

/** @type {Fetch | undefined} */
const ownFetch = globalThis.fetch?.bind(globalThis);

/** Settings; others than these do nothing. */
export const env = {
  /** Of Headwise. */
  version: '0.2.0',
  /** @type {Record<string, Record<string, any>>} */
  backends: { onnx: { wasm: {}, webgpu: {} } },
  /** @type {number} warnings of this entry are shown up to `LogLevel.WARNING` */
  logLevel: LogLevel.WARNING,
  /** Whether models may come from `remoteHost`; else only from what is stored, or from `localModelPath`. */
  allowRemoteModels: true,
  /** A Hub or a mirror of it. */
  remoteHost: 'https://huggingface.co/',
  remotePathTemplate: HUB_PATH,
  /** Whether a model is looked for in `localModelPath` first. */
  allowLocalModels: !isWeb,
  /** The folder of folders of models. */
  localModelPath: '/models/',
  useFS: !isWeb,
  useBrowserCache: isWeb,
  useFSCache: !isWeb,
  /** @type {string | null} where files are stored, if there is a system of files */
  cacheDir: null,
  useCustomCache: false,
  /** @type {any} */
  customCache: null,
  useWasmCache: true,
  cacheKey: 'transformers-cache',
  /** What fetches the files of models; a function of one's own means the calling thread. */
  fetch: ownFetch,
};

/** The function that was set, if one was. */
export function givenFetch() {
  return env.fetch === ownFetch ? undefined : env.fetch;
}

/** @type {Set<string>} */
const said = new Set();

/** Says something to whoever writes the application, once. @param {string} message */
export function warnOnce(message) {
  if (said.has(message) || env.logLevel > LogLevel.WARNING) return;
  said.add(message);
  console.warn(`headwise/transformers: ${message}`);
}
