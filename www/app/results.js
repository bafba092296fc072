/**
 * Scores as a list of bars. How they are read depends on the model: several labels may be true (`yes`), one is
 * chosen (`choice`), or they are numbers rather than probabilities (`number`).
 */

import { byId, glide, make } from './dom.js';
import { list, percent } from './words.js';

/** @typedef {{label: string, score: number}} Score */
/** @typedef {'yes' | 'choice' | 'number'} Reading */

/** Rows shown before someone asks for all. */
const FEW = 5;
const VERDICT_LABELS = 3;

/**
 * @param {{function_to_apply: string, labels: string[]}} model
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

  /** @type {Reading} */
  #reading = 'choice';
  /** @type {Score[]} sorted, best first */
  #scores = [];
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
   * @param {Reading} reading
   * @param {number} threshold
   */
  expect(reading, threshold) {
    this.#reading = reading;
    this.#threshold.value = String(threshold);
    this.#all = false;
    this.#bars.dataset.reading = reading;
    this.clear('');
  }

  /** @param {Score[]} scores sorted, best first */
  show(scores) {
    this.#scores = scores;
    this.#render();
  }

  /** @param {string} words to stand where a result would */
  clear(words) {
    this.#scores = [];
    this.busy = false;
    this.#render();
    this.#say(words, true);
  }

  /** @param {boolean} busy */
  set busy(busy) {
    this.#bars.setAttribute('aria-busy', String(busy));
  }

  #render() {
    const threshold = this.#threshold.valueAsNumber;
    const yes = this.#reading === 'yes' ? this.#scores.filter(({ score }) => score >= threshold).length : 0;
    const few = Math.max(FEW, yes);
    const shown = this.#all ? this.#scores : this.#scores.slice(0, few);
    const above = this.#reading === 'yes' ? yes : shown.length;

    this.#thresholdRow.hidden = this.#reading !== 'yes';
    this.#threshold.hidden = this.#thresholdRow.hidden;
    this.#threshold.setAttribute('aria-valuetext', `${Math.round(threshold * 100)}%`);
    this.#thresholdValue.textContent = `${Math.round(threshold * 100)}%`;
    this.#bars.style.setProperty('--threshold', String(threshold));
    this.#showAll.hidden = this.#scores.length <= few;
    this.#showAll.textContent = this.#all ? 'Show fewer' : `Show all ${this.#scores.length}`;
    this.#showAll.setAttribute('aria-expanded', String(this.#all));

    const rows = shown.map((score, rank) => this.#row(score, rank < yes));
    this.#replaceRows(rows.slice(0, above), rows.slice(above));
    if (this.#scores.length) this.#say(...this.#judge(yes, threshold));
  }

  /**
   * @param {Score} score
   * @param {boolean} yes
   */
  #row({ label, score }, yes) {
    const row = make('li');
    row.dataset.label = label;
    row.dataset.score = String(score);
    const name = make('span', 'label', label);
    name.dir = 'auto';
    if (this.#reading === 'number') {
      row.append(name, ' ', make('span', 'score', score.toFixed(3)));
      return row;
    }
    const bar = make('span', 'bar');
    const fill = make('span', 'fill');
    fill.style.transform = `scaleX(${score})`;
    bar.append(fill);
    row.append(name, ' ', bar, ' ', make('span', 'score', percent(score)));
    if (yes) row.append(' ', make('span', 'answer', 'yes'));
    return row;
  }

  /**
   * New rows for old ones; a label that was there before glides from its former place and length.
   * @param {HTMLLIElement[]} above
   * @param {HTMLLIElement[]} below
   */
  #replaceRows(above, below) {
    const before = new Map([...this.#bars.querySelectorAll('li')].map((row) => [
      row.dataset.label, { top: row.offsetTop, score: row.dataset.score },
    ]));
    this.#list.replaceChildren(...above);
    this.#below.replaceChildren(...below);
    for (const row of [...above, ...below]) {
      const former = before.get(row.dataset.label);
      const fill = row.querySelector('.fill');
      if (former && former.top !== row.offsetTop) glide(row, `translateY(${former.top - row.offsetTop}px)`);
      if (fill && former?.score !== row.dataset.score) {
        glide(fill, `scaleX(${former?.score ?? 0})`, `scaleX(${row.dataset.score})`);
      }
    }
  }

  /**
   * The result in a few words, and whether they are only a remark.
   * @param {number} yes
   * @param {number} threshold
   * @returns {[string, boolean]}
   */
  #judge(yes, threshold) {
    const [{ label, score }] = this.#scores;
    if (this.#reading === 'yes') {
      if (!yes) return [`Nothing reaches ${Math.round(threshold * 100)}%.`, true];
      return [list(this.#scores.slice(0, yes).map(({ label }) => label), VERDICT_LABELS), false];
    }
    // A single label wins whatever its score, so there the score is the result.
    if (this.#scores.length > 1) return [label, false];
    return [this.#reading === 'number' ? score.toFixed(3) : `${label} ${percent(score)}`, false];
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
