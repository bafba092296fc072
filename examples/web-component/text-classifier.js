/**
 * `<text-classifier model="/my-model/">Your text</text-classifier>`: a field, and the label of what is written into it.
 * To use it: `npm install headwise`, and copy this file.
 *
 * The model is loaded once the element can be seen, and let go when it is taken out of the page. It fires `progress`
 * (with `loaded` and `total`, in bytes), `result` (with the labels as `detail`) and `error` (with the `error`).
 */

import { latest, pipeline } from 'headwise';

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(':host, label, textarea { display: block } textarea { box-sizing: border-box; width: 100%; font: inherit }');

class TextClassifier extends HTMLElement {
  static observedAttributes = ['model'];
  #field = document.createElement('textarea');
  #progress = document.createElement('progress');
  #output = document.createElement('output');
  #seen = new IntersectionObserver((entries) => { if (entries.at(-1).isIntersecting) this.#load(); });
  /** Aborted when the element has no more use for its model. */
  #use = new AbortController();
  #classify;

  constructor() {
    super();
    const label = document.createElement('label');
    label.append(document.createElement('slot'), this.#field);
    this.#progress.hidden = true;
    this.#progress.ariaLabel = 'The model is loading';
    this.#field.addEventListener('input', () => this.#answer());
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.adoptedStyleSheets = [STYLE];
    root.append(label, this.#progress, this.#output);
  }

  connectedCallback() {
    this.#use = new AbortController();
    this.#seen.observe(this);
  }

  disconnectedCallback() {
    this.#seen.disconnect();
    this.#use.abort();
    this.#classify = undefined;
    this.#output.textContent = '';
  }

  attributeChangedCallback() {
    if (!this.isConnected) return;
    this.disconnectedCallback();
    this.connectedCallback();
  }

  async #load() {
    this.#seen.disconnect();
    this.#progress.hidden = false;
    await this.#attempt(async (signal) => {
      const progress_callback = ({ status, loaded, total }) => {
        if (status !== 'progress_total' || signal.aborted) return;
        Object.assign(this.#progress, { max: total, value: loaded });
        this.dispatchEvent(new ProgressEvent('progress', { lengthComputable: true, loaded, total }));
      };
      const pipe = await pipeline('text-classification', this.getAttribute('model'), { signal, progress_callback });
      if (signal.aborted) return pipe.dispose();
      signal.addEventListener('abort', () => pipe.dispose());
      this.#classify = latest(pipe);
      this.#answer();
    });
    this.#progress.hidden = true;
  }

  #answer() {
    return this.#attempt(async () => {
      const labels = await this.#classify?.(this.#field.value);
      if (!labels) return; // no model yet, or a newer text
      const [{ label, score }] = labels;
      this.#output.textContent = `${label}, ${Math.round(100 * score)} %`;
      this.dispatchEvent(new CustomEvent('result', { detail: labels, bubbles: true, composed: true }));
    });
  }

  /** Shows what goes wrong, unless it is of no interest any more. @param {(signal: AbortSignal) => Promise<void>} run */
  async #attempt(run) {
    const { signal } = this.#use;
    try {
      await run(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#output.textContent = error.message;
      this.dispatchEvent(new ErrorEvent('error', { error, message: error.message }));
    }
  }
}

customElements.define('text-classifier', TextClassifier);
