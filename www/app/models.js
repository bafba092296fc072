/**
 * Which model: the form, links, folders and what is stored. A load that fails or is cancelled changes nothing; only
 * when the new model is ready does the page get it and put the former one away.
 */

import { AutoConfig, pipeline } from '../lib/index.js';
import { Chooser } from './chooser.js';
import { byId } from './dom.js';
import { offerFolder } from './folder.js';
import { Loading } from './loading.js';
import { modelId } from './link.js';
import { Stored } from './stored.js';
import { FIRST_TASK, taskFor, TASKS } from './tasks.js';
import { bytes, seconds } from './words.js';

/** @typedef {import('./tasks.js').Loaded} Loaded */
/** @typedef {import('./tasks.js').TaskName} TaskName */

/**
 * A model: where it is, what it is called here, what it is to do (by default what it was made for), and from what score
 * on a label counts.
 * @typedef {{source: string | File[], name: string, threshold: number, task?: TaskName, endpoint?: string,
 *   revision?: string}} Choice
 */

/** @type {Choice} */
export const SHIPPED = { source: './models/emotions-q8/', name: 'emotions', threshold: 0.3, task: FIRST_TASK };
const USUAL_THRESHOLD = 0.5;

export class Models {
  #field = byId('model-id', HTMLInputElement);
  #note = byId('link-note', HTMLElement);
  #dtype = byId('dtype', HTMLSelectElement);
  #chooser = new Chooser();
  #stored = new Stored(({ id, endpoint, revision }) =>
    this.load({ source: id, name: id, threshold: USUAL_THRESHOLD, endpoint, revision }));
  #view;
  #onModel;
  /** @type {Choice | null} */
  #current = null;
  #loading = new AbortController();

  /**
   * @param {object} options
   * @param {string | undefined} options.endpoint the mirror that ids are looked up at
   * @param {(model: Loaded, choice: Choice) => void} options.onModel the caller owns the model
   * @param {(words: string) => void} options.onProgress how far a load is, or how it ended
   */
  constructor({ endpoint, onModel, onProgress }) {
    this.#onModel = onModel;
    this.#view = new Loading({ onCancel: () => this.#loading.abort(), onProgress });
    byId('model-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const source = modelId(this.#field.value);
      if (!source) return;
      this.#note.hidden = true;
      void this.load({ source, name: source, threshold: USUAL_THRESHOLD, task: this.#chooser.task, endpoint });
    });
    byId('shipped', HTMLButtonElement).addEventListener('click', () => {
      this.#chooser.task = FIRST_TASK;
      void this.load(SHIPPED);
    });
    offerFolder((files) => {
      const [folder] = files[0].webkitRelativePath.split('/');
      void this.load({ source: files, name: folder || 'your files', threshold: USUAL_THRESHOLD });
    });
    void this.#stored.show();
  }

  /**
   * What a link asks for is said, not done: a download starts with a click on Load.
   * @param {{model: string, task: TaskName, unknown: string, endpoint?: string}} link
   */
  propose({ model, task, unknown, endpoint }) {
    const other = task === FIRST_TASK ? '' : ` for ${TASKS[task].name.toLowerCase()}`;
    this.#chooser.task = task;
    if (model) this.#field.value = model;
    this.#note.textContent = [
      model && `This link proposes ${model}${other}. Nothing is downloaded until you press Load.`,
      !model && other && `This link asks for a model${other}.`,
      unknown && `It asks for a task that is not known here, “${unknown}”.`,
      endpoint && `Models come from ${endpoint}.`,
    ].filter(Boolean).join(' ');
    this.#note.hidden = !this.#note.textContent;
  }

  /** @param {Choice} choice */
  async load(choice) {
    this.#loading.abort();
    const loading = this.#loading = new AbortController();
    const { signal } = loading;
    const started = performance.now();
    let total = 0;
    this.#view.begin(choice.name);
    try {
      const model = await pipeline(choice.task ?? await this.#taskOf(choice, signal), choice.source, {
        signal,
        endpoint: choice.endpoint,
        revision: choice.revision,
        dtype: choice === SHIPPED ? 'auto' : /** @type {any} */ (this.#dtype.value),
        progress_callback: (event) => {
          if (signal.aborted || event.status !== 'progress_total') return;
          total = event.total;
          this.#view.advance(event.loaded, total);
        },
      });
      if (signal.aborted) {
        await model.dispose();
        throw signal.reason;
      }
      this.#current = choice;
      this.#onModel(model, choice);
      this.#end(`Ready: ${choice.name}, ${bytes(total)} in ${seconds(performance.now() - started)}.`);
      void this.#stored.show();
    } catch (error) {
      // A newer load already speaks for itself.
      if (loading === this.#loading) this.#fail(signal.aborted ? null : error);
    }
  }

  /** @param {unknown} error that ended the model in use */
  lost(error) {
    this.#current = null;
    this.#fail(error);
  }

  /**
   * What a model that is here already was made for: the chosen task, or if its head is of another kind, a task of that.
   * @param {Choice} choice
   * @param {AbortSignal} signal
   */
  async #taskOf({ source, endpoint, revision }, signal) {
    const { task } = this.#chooser;
    try {
      const here = { signal, endpoint, revision, local_files_only: true };
      const { architectures = [] } = await AutoConfig.from_pretrained(source, here);
      this.#chooser.task = taskFor(architectures, task);
    } catch {
      // What is wrong with the files, the load itself will say.
    }
    return this.#chooser.task;
  }

  /** @param {unknown} error null when the person cancelled */
  #fail(error) {
    const rest = this.#current ? `Still in use: ${this.#current.name}.` : 'No model is loaded.';
    this.#end(error ? rest : `Cancelled. ${rest}`);
    if (error) this.#view.fail(error);
  }

  /** @param {string} words */
  #end(words) {
    this.#view.end(words, this.#current === SHIPPED);
  }
}
