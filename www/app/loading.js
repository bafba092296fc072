/**
 * How a load goes: progress with a button to cancel, what came of it, and what went wrong.
 */

import { byId } from './dom.js';
import { bytes, bytesOf, explain } from './words.js';

export class Loading {
  #load = byId('load', HTMLButtonElement);
  #cancel = byId('cancel', HTMLButtonElement);
  #back = byId('shipped', HTMLButtonElement);
  #row = byId('progress-row', HTMLElement);
  #bar = byId('progress', HTMLProgressElement);
  #text = byId('progress-text', HTMLElement);
  #status = byId('status', HTMLElement);
  #error = byId('error', HTMLElement);
  #onProgress;

  /**
   * @param {object} options
   * @param {() => void} options.onCancel
   * @param {(words: string) => void} options.onProgress how far a load is, or how it ended
   */
  constructor({ onCancel, onProgress }) {
    this.#onProgress = onProgress;
    this.#cancel.addEventListener('click', onCancel);
  }

  /** @param {string} name of the model */
  begin(name) {
    this.#error.hidden = true;
    this.#row.hidden = false;
    this.#bar.removeAttribute('value');
    this.#say(`Loading ${name}…`);
    this.#text.textContent = 'Asking for the files…';
  }

  /**
   * @param {number} loaded
   * @param {number} total
   */
  advance(loaded, total) {
    if (total) this.#bar.value = loaded / total;
    this.#text.textContent = loaded === total ? `${bytes(total)} read, making ready…` : bytesOf(loaded, total);
    this.#onProgress(this.#text.textContent);
  }

  /**
   * @param {string} words how it ended
   * @param {boolean} shipped whether the shipped model is in use
   */
  end(words, shipped) {
    // A hidden button cannot keep the focus; the next likely one takes it.
    if (document.activeElement === this.#cancel) this.#load.focus();
    this.#row.hidden = true;
    this.#back.hidden = shipped;
    this.#say(words);
  }

  /** @param {unknown} error */
  fail(error) {
    const { code, words, message } = explain(error);
    byId('error-words', HTMLElement).textContent = words;
    byId('error-message', HTMLElement).textContent = message;
    this.#error.dataset.code = code;
    this.#error.hidden = false;
    this.#onProgress(`${words} ${message}`);
  }

  /** @param {string} words */
  #say(words) {
    this.#status.textContent = words;
    this.#onProgress(words);
  }
}
