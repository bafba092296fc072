/** The models that this site has downloaded: for a page that shows them and lets people delete them. */

import { lock } from './source/lock.js';
import { taskOf } from './tasks/index.js';

/**
 * @typedef {object} StorageEstimate
 * @property {number} models bytes of all stored models
 * @property {number} usage bytes that the site uses, as the browser says
 * @property {number} quota bytes that the site may use
 * @property {boolean} persisted whether the browser promised to keep them when the disk fills up
 */

/**
 * Options of `models.lock`; `task` is what the model is for, `'text-classification'` by default.
 * @typedef {import('./source/lock.js').LockOptions & {task?: import('./tasks/index.js').Task}} LockOptions
 */

/**
 * @typedef {object} Models
 * @property {() => Promise<import('./store/store.js').StoredModel[]>} list what is stored, complete or not
 * @property {(id: string) => Promise<boolean>} delete deletes a model, all of its commits; whether there was one
 * @property {() => Promise<void>} clear deletes all models
 * @property {() => Promise<StorageEstimate>} estimate how much room they take
 * @property {() => Promise<boolean>} persist asks the browser to keep them, on a page only; whether it will
 * @property {(model: import('./source/files.js').ModelReference, options?: LockOptions) => Promise<import('./source/lock.js').Lock>} lock
 *   commit and hashes of a model, to be given as `revision` and `integrity`
 */

/**
 * Makes the public `models` object.
 * @param {import('./host.js').Host} host
 * @returns {Readonly<Models>}
 */
export function modelsOn(host) {
  const { store } = host;
  return Object.freeze({
    list: () => store.list(),
    delete: (id) => store.delete(id),
    clear: () => store.clear(),
    async estimate() {
      const [list, estimate, persisted] = await Promise.all([store.list(), store.estimate(), store.persisted()]);
      return { models: list.reduce((sum, { bytes }) => sum + bytes, 0), ...estimate, persisted };
    },
    persist: () => store.persist(),
    lock: async (model, { task = 'text-classification', ...options } = {}) => lock(model, taskOf(task), options, host),
  });
}
