/**
 * Texts in → a run of the model → results, time taken, and where the text was cut. One run at a time: newer texts
 * abort the former run, whose results are then never shown.
 */

import { byId } from './dom.js';
import { Fields } from './fields.js';
import { outcomeOf } from './outcomes.js';
import { explain, milliseconds, whole } from './words.js';

/** @typedef {import('./tasks.js').Loaded} Loaded */
/** @typedef {import('./results.js').Results} Results */
/** @typedef {import('./outcomes.js').Meta} Meta */

const DEBOUNCE_MS = 200;
/** Characters shown on either side of the cut. */
const EDGE = 32;

export class Writing {
  fields = new Fields({ onInput: () => this.#soon(), onFill: () => void this.run() });
  #text = byId('text', HTMLTextAreaElement);
  #timing = byId('timing', HTMLElement);
  #truncation = byId('truncation', HTMLElement);
  #truncationText = byId('truncation-text', HTMLElement);
  #truncationShow = byId('truncation-show', HTMLButtonElement);
  #results;
  #onCrash;
  /** @type {Loaded | null} */
  #model = null;
  #timer = 0;
  #run = new AbortController();
  #textEnd = 0;

  /**
   * @param {object} options
   * @param {Results} options.results
   * @param {(error: unknown) => void} options.onCrash the model is gone and must be loaded anew
   */
  constructor({ results, onCrash }) {
    this.#results = results;
    this.#onCrash = onCrash;
    this.#truncationShow.addEventListener('click', () => this.#selectUnread());
  }

  /** @param {Loaded} model takes over from the former one, which the caller may then dispose of */
  use(model) {
    this.#model = model;
    this.fields.become(model.task, model.task === 'fill-mask' ? model.tokenizer.mask_token ?? '' : '');
    return this.run();
  }

  async run() {
    const { signal } = this.#begin();
    const model = this.#model;
    if (!model) return;
    const { text, missing } = this.fields;
    if (missing) {
      this.#tell(null);
      this.#results.clear(missing);
      return;
    }
    this.#results.busy = true;
    try {
      const outcome = await outcomeOf(model, { text, second: this.fields.second(), signal });
      if (signal.aborted) return;
      this.#results.show(outcome);
      this.#tell(outcome.meta);
    } catch (error) {
      if (signal.aborted) return;
      const { code, words, message } = explain(error);
      this.#tell(null);
      this.#results.clear(`${words} ${message}`);
      if (code !== 'crashed') return;
      this.#model = null;
      this.#onCrash(error);
    }
    this.#results.busy = false;
  }

  #soon() {
    this.#begin();
    this.#timer = window.setTimeout(() => this.run(), DEBOUNCE_MS);
  }

  /** Ends whatever is under way, whether waiting or running. */
  #begin() {
    window.clearTimeout(this.#timer);
    this.#run.abort();
    this.#run = new AbortController();
    return this.#run;
  }

  /** @param {Meta | null} meta of the results shown, null when there are none */
  #tell(meta) {
    const inputs = meta?.inputs ?? [];
    const tokens = inputs.reduce((sum, input) => sum + input.tokens, 0);
    this.#timing.textContent = meta ? `${whole(tokens)} tokens · ${milliseconds(meta.ms)}` : '';
    this.#truncation.hidden = !inputs.some(({ truncated }) => truncated);
    if (!this.#truncation.hidden) this.#tellCut(inputs[0]);
  }

  /** @param {Meta['inputs'][0]} read of the first text */
  #tellCut({ tokens, text_end: end }) {
    const text = this.fields.text;
    const most = Math.min(tokens, this.#model?.tokenizer.max_length ?? tokens);
    this.#textEnd = end;
    this.#truncationShow.hidden = end >= text.length;
    if (end >= text.length) {
      this.#truncationText.textContent = 'A line is longer than the model can read; its end was not read.';
      return;
    }
    const last = text.slice(0, end).slice(-EDGE).replace(/^\S*\s/, '').trim();
    const next = text.slice(end).slice(0, EDGE).replace(/\s\S*$/, '').trim();
    const left = whole([...text.slice(end)].length);
    this.#truncationText.textContent =
      `The model reads ${most} tokens, up to “… ${last}” and not the ${left} characters from “${next} …” on.`;
  }

  #selectUnread() {
    // The caret is set first and alone, because that is what browsers scroll to.
    this.#text.setSelectionRange(this.#textEnd, this.#textEnd);
    this.#text.blur();
    this.#text.focus();
    this.#text.setSelectionRange(this.#textEnd, this.#text.value.length);
  }
}
