/**
 * Which model: the form, its progress, and what went wrong. A load that fails or is cancelled changes nothing; only
 * when the new classifier is ready does the page get it and put the former one away.
 */

import { pipeline } from '../lib/index.js';
import { byId } from './dom.js';
import { offerFolder } from './folder.js';
import { modelId } from './link.js';
import { Stored } from './stored.js';
import { bytes, bytesOf, explain, seconds } from './words.js';

/** @typedef {import('../lib/index.js').TextClassificationPipeline} Classifier */

/**
 * A model: where it is, what it is called here, and from what score on a label counts.
 * @typedef {{source: string | File[], name: string, threshold: number, endpoint?: string, revision?: string}} Choice
 */

/** @type {Choice} */
export const SHIPPED = { source: './models/emotions-q8/', name: 'emotions', threshold: 0.3 };
const USUAL_THRESHOLD = 0.5;

export class Models {
  #field = byId('model-id', HTMLInputElement);
  #load = byId('load', HTMLButtonElement);
  #cancel = byId('cancel', HTMLButtonElement);
  #back = byId('shipped', HTMLButtonElement);
  #progressRow = byId('progress-row', HTMLElement);
  #progress = byId('progress', HTMLProgressElement);
  #progressText = byId('progress-text', HTMLElement);
  #status = byId('status', HTMLElement);
  #error = byId('error', HTMLElement);
  #note = byId('link-note', HTMLElement);
  #dtype = byId('dtype', HTMLSelectElement);
  #stored = new Stored(({ id, endpoint, revision }) =>
    this.load({ source: id, name: id, threshold: USUAL_THRESHOLD, endpoint, revision }));
  #onModel;
  #onProgress;
  /** @type {Choice | null} */
  #current = null;
  #loading = new AbortController();

  /**
   * @param {object} options
   * @param {string | undefined} options.endpoint the mirror that ids are looked up at
   * @param {(classifier: Classifier, choice: Choice) => void} options.onModel the caller owns the classifier
   * @param {(words: string) => void} options.onProgress how far a load is, or how it ended
   */
  constructor({ endpoint, onModel, onProgress }) {
    this.#onModel = onModel;
    this.#onProgress = onProgress;
    byId('model-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const source = modelId(this.#field.value);
      if (!source) return;
      this.#note.hidden = true;
      void this.load({ source, name: source, threshold: USUAL_THRESHOLD, endpoint });
    });
    this.#cancel.addEventListener('click', () => this.#loading.abort());
    this.#back.addEventListener('click', () => this.load(SHIPPED));
    offerFolder((files) => {
      const [folder] = files[0].webkitRelativePath.split('/');
      void this.load({ source: files, name: folder || 'your files', threshold: USUAL_THRESHOLD });
    });
    void this.#stored.show();
  }

  /**
   * What a link asks for is said, not done: a download starts with a click on Load.
   * @param {{model: string, endpoint?: string}} link
   */
  propose({ model, endpoint }) {
    if (!model && !endpoint) return;
    this.#field.value = model;
    this.#note.textContent = [
      model && `This link proposes ${model}. Nothing is downloaded until you press Load.`,
      endpoint && `Models come from ${endpoint}.`,
    ].filter(Boolean).join(' ');
    this.#note.hidden = false;
  }

  /** @param {Choice} choice */
  async load(choice) {
    this.#loading.abort();
    const loading = this.#loading = new AbortController();
    const { signal } = loading;
    const started = performance.now();
    let total = 0;
    this.#begin(choice);
    try {
      const classifier = await pipeline('text-classification', choice.source, {
        signal,
        endpoint: choice.endpoint,
        revision: choice.revision,
        dtype: choice === SHIPPED ? 'auto' : /** @type {any} */ (this.#dtype.value),
        progress_callback: (event) => {
          if (signal.aborted || event.status !== 'progress_total') return;
          total = event.total;
          this.#advance(event.loaded, total);
        },
      });
      if (signal.aborted) {
        await classifier.dispose();
        throw signal.reason;
      }
      this.#current = choice;
      this.#onModel(classifier, choice);
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

  /** @param {Choice} choice */
  #begin({ name }) {
    this.#error.hidden = true;
    this.#progressRow.hidden = false;
    this.#progress.removeAttribute('value');
    this.#say(`Loading ${name}…`);
    this.#progressText.textContent = 'Asking for the files…';
  }

  /**
   * @param {number} loaded
   * @param {number} total
   */
  #advance(loaded, total) {
    if (total) this.#progress.value = loaded / total;
    this.#progressText.textContent = loaded === total ? `${bytes(total)} read, making ready…` : bytesOf(loaded, total);
    this.#onProgress(this.#progressText.textContent);
  }

  /** @param {unknown} error null when the person cancelled */
  #fail(error) {
    const rest = this.#current ? `Still in use: ${this.#current.name}.` : 'No model is loaded.';
    this.#end(error ? rest : `Cancelled. ${rest}`);
    if (!error) return;
    const { code, words, message } = explain(error);
    byId('error-words', HTMLElement).textContent = words;
    byId('error-message', HTMLElement).textContent = message;
    this.#error.dataset.code = code;
    this.#error.hidden = false;
    this.#onProgress(`${words} ${message}`);
  }

  /** @param {string} words */
  #end(words) {
    // A hidden button cannot keep the focus; the next likely one takes it.
    if (document.activeElement === this.#cancel) this.#load.focus();
    this.#progressRow.hidden = true;
    this.#back.hidden = this.#current === SHIPPED;
    this.#say(words);
  }

  /** @param {string} words */
  #say(words) {
    this.#status.textContent = words;
    this.#onProgress(words);
  }
}
