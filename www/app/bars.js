/**
 * One row of the chart, and rows for rows: a label that was there before glides from its former place and length.
 */

import { glide, make } from './dom.js';
import { percent } from './words.js';

/** `note` stands beside the label. @typedef {{label: string, score: number, note?: string}} Bar */
/** @typedef {'yes' | 'choice' | 'list' | 'cosine' | 'number'} Reading */

/**
 * @param {Bar} bar
 * @param {Reading} reading
 * @param {boolean} yes whether its label counts
 */
export function rowOf({ label, score, note }, reading, yes) {
  const row = make('li');
  row.dataset.label = label;
  row.dataset.score = String(score);
  row.dataset.note = note ?? '';
  const name = make('span', 'label', label);
  name.dir = 'auto';
  if (note) name.append(' ', make('span', 'kind', note));
  const number = make('span', 'score', written(score, reading));
  if (reading === 'number') {
    row.append(name, ' ', number);
    return row;
  }
  const bar = make('span', 'bar');
  const fill = make('span', 'fill');
  fill.style.transform = `scaleX(${lengthOf(score)})`;
  bar.append(fill);
  row.append(name, ' ', bar, ' ', number);
  if (yes) row.append(' ', make('span', 'answer', 'yes'));
  return row;
}

/**
 * @param {HTMLElement} bars around all lists
 * @param {[list: HTMLElement, rows: HTMLLIElement[]][]} lists
 */
export function replaceRows(bars, lists) {
  const before = new Map([...bars.querySelectorAll('li')].map((row) => [
    keyOf(row), { top: row.offsetTop, score: row.dataset.score },
  ]));
  for (const [list, rows] of lists) list.replaceChildren(...rows);
  for (const row of lists.flatMap(([, rows]) => rows)) {
    const former = before.get(keyOf(row));
    const fill = row.querySelector('.fill');
    if (former && former.top !== row.offsetTop) glide(row, `translateY(${former.top - row.offsetTop}px)`);
    if (fill && former?.score !== row.dataset.score) {
      glide(fill, `scaleX(${lengthOf(former?.score ?? 0)})`, `scaleX(${lengthOf(row.dataset.score)})`);
    }
  }
}

/** @param {number} score @param {Reading} reading */
export function written(score, reading) {
  return reading === 'number' || reading === 'cosine' ? score.toFixed(3) : percent(score);
}

/** @param {HTMLLIElement} row */
function keyOf({ dataset: { label, note } }) {
  return `${note}\n${label}`;
}

/** A cosine may be negative, which no bar can be. @param {unknown} score */
function lengthOf(score) {
  return Math.min(Math.max(0, Number(score)), 1);
}
