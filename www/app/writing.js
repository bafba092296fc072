/**
 * The text box: text in → a run of the classifier → results, time taken, and where the text was cut.
 * One run at a time: a newer text aborts the former run, whose results are then never shown.
 */

import { byId } from './dom.js';
import { explain, milliseconds, whole } from './words.js';

/** @typedef {import('./models.js').Classifier} Classifier */
/** @typedef {import('./results.js').Results} Results */
/** @typedef {{tokens: number, truncated: boolean, text_end: number}} Read what the model read of the text */

const DEBOUNCE_MS = 200;
/** Characters shown on either side of the cut. */
const EDGE = 32;

export class Writing {
  #text = byId('text', HTMLTextAreaElement);
  #timing = byId('timing', HTMLElement);
  #truncation = byId('truncation', HTMLElement);
  #truncationText = byId('truncation-text', HTMLElement);
  #results;
  #onCrash;
  /** @type {Classifier | null} */
  #classifier = null;
  #timer = 0;
  #run = new AbortController();
  #textEnd = 0;

  /**
   * @param {object} options
   * @param {Results} options.results
   * @param {(error: unknown) => void} options.onCrash the classifier is gone and must be loaded anew
   */
  constructor({ results, onCrash }) {
    this.#results = results;
    this.#onCrash = onCrash;
    this.#text.addEventListener('input', () => this.#soon());
    this.#text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void this.classify();
    });
    byId('truncation-show', HTMLButtonElement).addEventListener('click', () => this.#selectUnread());
  }

  get text() {
    return this.#text.value;
  }

  /** @param {string} text put into the box and classified at once */
  set text(text) {
    this.#text.value = text;
    void this.classify();
  }

  /** @param {Classifier} classifier takes over from the former one, which the caller may then dispose of */
  use(classifier) {
    this.#classifier = classifier;
    return this.classify();
  }

  async classify() {
    const { signal } = this.#begin();
    const text = this.text;
    if (!this.#classifier) return;
    if (!text.trim()) {
      this.#tell(null);
      this.#results.clear('Write something to classify.');
      return;
    }
    this.#results.busy = true;
    try {
      const scores = await this.#classifier(text, { top_k: null, signal });
      if (signal.aborted) return;
      this.#results.show(scores);
      this.#tell(scores.meta);
    } catch (error) {
      if (signal.aborted) return;
      const { code, words, message } = explain(error);
      this.#tell(null);
      this.#results.clear(`${words} ${message}`);
      if (code !== 'crashed') return;
      this.#classifier = null;
      this.#onCrash(error);
    }
    this.#results.busy = false;
  }

  #soon() {
    this.#begin();
    this.#timer = window.setTimeout(() => this.classify(), DEBOUNCE_MS);
  }

  /** Ends whatever is under way, whether waiting or running. */
  #begin() {
    window.clearTimeout(this.#timer);
    this.#run.abort();
    this.#run = new AbortController();
    return this.#run;
  }

  /** @param {{ms: number, inputs: Read[]} | null} meta of the results shown, null when there are none */
  #tell(meta) {
    const read = meta?.inputs[0];
    this.#timing.textContent = meta && read ? `${read.tokens} tokens · ${milliseconds(meta.ms)}` : '';
    this.#truncation.hidden = !read?.truncated;
    if (read?.truncated) this.#tellCut(read);
  }

  /** @param {Read} read */
  #tellCut({ tokens, text_end: end }) {
    const [before, after] = [this.text.slice(0, end), this.text.slice(end)];
    const last = before.slice(-EDGE).replace(/^\S*\s/, '').trim();
    const next = after.slice(0, EDGE).replace(/\s\S*$/, '').trim();
    const left = whole([...after].length);
    this.#truncationText.textContent =
      `The model reads ${tokens} tokens, up to “… ${last}” and not the ${left} characters from “${next} …” on.`;
    this.#textEnd = end;
  }

  #selectUnread() {
    // The caret is set first and alone, because that is what browsers scroll to.
    this.#text.setSelectionRange(this.#textEnd, this.#textEnd);
    this.#text.blur();
    this.#text.focus();
    this.#text.setSelectionRange(this.#textEnd, this.text.length);
  }
}
