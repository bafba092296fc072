/**
 * What the package stands on where it runs: each entry (`index.js`, `node.js`, …) makes one, and nothing below asks
 * the environment who it is.
 */

export {};

/**
 * For an engine, in its thread.
 * @typedef {object} EngineHost
 * @property {import('./runtime/runtime.js').Runtime} runtime
 * @property {import('./store/store.js').Store} store what was downloaded
 * @property {(folder?: string | null) => import('./store/store.js').Store | undefined} [storeAt] what was
 *   downloaded into another folder, if one is meant
 * @property {(folder: string) => Promise<import('./source/files.js').ModelFiles>} [openFolder] opens a model on disk
 */

/**
 * For the thread that asks: where the builds of the module are, or their copies where those cannot be found; ways to
 * start a worker, best first; what connects an engine in this thread; options where a load does not say; and the folder on
 * disk that a reference to a model means, if it means one.
 * @typedef {EngineHost & {
 *   modules: () => Modules | Promise<Modules>,
 *   copies?: () => Promise<Modules>,
 *   workers: (() => Worker | Promise<Worker>)[],
 *   channel?: () => MessageChannel,
 *   defaults?: () => {token?: string, endpoint?: string},
 *   folderOf?: (model: string) => string | undefined,
 * }} Host
 */

/** @typedef {import('./runtime/modules.js').Modules} Modules */
