/**
 * Scores as a list of bars, and the text with its marks if there are any. How scores are read depends on task and
 * model: several labels may be true (`yes`), one is chosen (`choice`), each stands for itself (`list`), or they are no
 * probabilities but cosines (`cosine`) or any numbers (`number`).
 */

import { replaceRows, rowOf, written } from './bars.js';
import { byId } from './dom.js';
import { Marked } from './marked.js';
import { list } from './words.js';

/** @typedef {import('./bars.js').Bar} Bar */
/** @typedef {import('./bars.js').Reading} Reading */

/**
 * A result: bars, best first or in the order of the text; the result in a few words, if the bars do not say it, or a
 * remark in its place; and where in the text it is.
 * @typedef {{bars: Bar[], verdict?: string, remark?: string, marked?: import('./marked.js').MarkedText}} Outcome
 */

/** Rows shown before someone asks for all. */
const FEW = 5;
const VERDICT_LABELS = 3;

/**
 * Of a classifier.
 * @param {{function_to_apply: string | null, labels: string[]}} model
 * @returns {Reading}
 */
export function readingOf({ function_to_apply, labels }) {
  if (function_to_apply === 'none') return 'number';
  return function_to_apply === 'sigmoid' && labels.length > 1 ? 'yes' : 'choice';
}

export class Results {
  #bars = byId('bars', HTMLElement);
  #list = byId('results', HTMLOListElement);
  /** Where the labels stand that do not reach the threshold. */
  #below = byId('below', HTMLOListElement);
  #verdict = byId('verdict', HTMLElement);
  #threshold = byId('threshold', HTMLInputElement);
  #thresholdRow = byId('threshold-row', HTMLElement);
  #thresholdValue = byId('threshold-value', HTMLOutputElement);
  #showAll = byId('show-all', HTMLButtonElement);
  #marked = new Marked();

  /** @type {Reading} */
  #reading = 'choice';
  /** @type {Outcome} */
  #outcome = { bars: [] };
  #all = false;

  constructor() {
    this.#threshold.addEventListener('input', () => this.#render());
    this.#showAll.addEventListener('click', () => {
      this.#all = !this.#all;
      this.#render();
    });
  }

  /**
   * Empties the list and prepares it for a model.
   * @param {object} how
   * @param {Reading} how.reading
   * @param {number} how.threshold
   * @param {boolean} [how.wide] whether labels are sentences
   */
  expect({ reading, threshold, wide = false }) {
    this.#reading = reading;
    this.#threshold.value = String(threshold);
    this.#all = false;
    this.#bars.dataset.reading = reading;
    this.#bars.classList.toggle('wide', wide);
    this.#verdict.classList.toggle('wide', wide);
    this.clear('');
  }

  /** @param {Outcome} outcome */
  show(outcome) {
    this.#outcome = outcome;
    this.#marked.show(outcome.marked);
    this.#render();
  }

  /** @param {string} words to stand where a result would */
  clear(words) {
    this.busy = false;
    this.show({ bars: [] });
    this.#say(words, true);
  }

  /** @param {boolean} busy */
  set busy(busy) {
    this.#bars.setAttribute('aria-busy', String(busy));
  }

  #render() {
    const { bars } = this.#outcome;
    const threshold = this.#threshold.valueAsNumber;
    const yes = this.#reading === 'yes' ? bars.filter(({ score }) => score >= threshold).length : 0;
    const few = Math.max(FEW, yes);
    const shown = this.#all ? bars : bars.slice(0, few);
    const above = this.#reading === 'yes' ? yes : shown.length;

    this.#thresholdRow.hidden = this.#reading !== 'yes';
    this.#threshold.hidden = this.#thresholdRow.hidden;
    this.#threshold.setAttribute('aria-valuetext', `${Math.round(threshold * 100)}%`);
    this.#thresholdValue.textContent = `${Math.round(threshold * 100)}%`;
    this.#bars.style.setProperty('--threshold', String(threshold));
    this.#showAll.hidden = bars.length <= few;
    this.#showAll.textContent = this.#all ? 'Show fewer' : `Show all ${bars.length}`;
    this.#showAll.setAttribute('aria-expanded', String(this.#all));

    const rows = shown.map((bar, rank) => rowOf(bar, this.#reading, rank < yes));
    replaceRows(this.#bars, [[this.#list, rows.slice(0, above)], [this.#below, rows.slice(above)]]);
    this.#judge(yes, threshold);
  }

  /**
   * Says the result in a few words.
   * @param {number} yes
   * @param {number} threshold
   */
  #judge(yes, threshold) {
    const { bars, verdict, remark } = this.#outcome;
    if (remark) return this.#say(remark, true);
    if (verdict) return this.#say(verdict, false);
    if (!bars.length) return;
    const [{ label, score }] = bars;
    if (this.#reading === 'yes') {
      if (!yes) return this.#say(`Nothing reaches ${Math.round(threshold * 100)}%.`, true);
      return this.#say(list(bars.slice(0, yes).map(({ label }) => label), VERDICT_LABELS), false);
    }
    // A single label wins whatever its score, so there the score is the result.
    if (bars.length > 1) return this.#say(label, false);
    const number = written(score, this.#reading);
    this.#say(this.#reading === 'number' ? number : `${label} ${number}`, false);
  }

  /**
   * @param {string} words
   * @param {boolean} remark
   */
  #say(words, remark) {
    this.#verdict.classList.toggle('remark', remark);
    // The same words again would be announced again.
    if (this.#verdict.textContent !== words) this.#verdict.textContent = words;
  }
}
