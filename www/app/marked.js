/**
 * A text with parts of it marked, each with its label beside it as text.
 */

import { byId, make } from './dom.js';
import { NBSP } from './words.js';

/** A part, in UTF-16 units: `text.slice(start, end)`. @typedef {{start: number, end: number, label: string}} Mark */
/** Marks are in the order of the text. @typedef {{text: string, marks: Mark[]}} MarkedText */

export class Marked {
  #box = byId('marked', HTMLElement);

  /** @param {MarkedText | undefined} marked nothing to hide the box */
  show(marked) {
    this.#box.hidden = !marked;
    this.#box.replaceChildren(...marked ? partsOf(marked) : []);
    // What scrolls has to be reached by keyboard, and what does not is no stop on the way.
    const scrolls = this.#box.scrollHeight > this.#box.clientHeight;
    if (scrolls) this.#box.tabIndex = 0;
    else this.#box.removeAttribute('tabindex');
    const first = this.#box.querySelector('mark');
    if (first && scrolls) this.#box.scrollTop = first.offsetTop - this.#box.clientHeight / 3;
  }
}

/** @param {MarkedText} marked */
function partsOf({ text, marks }) {
  const parts = [];
  let read = 0;
  for (const { start, end, label } of marks) {
    const mark = make('mark', '', text.slice(start, end));
    // The label stays on the line of the last word.
    if (label) mark.append(NBSP, make('span', 'kind', label));
    parts.push(text.slice(read, start), mark);
    read = end;
  }
  return [...parts, text.slice(read)];
}
