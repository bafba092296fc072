/**
 * The two text boxes and the examples, as the task in use needs them.
 */

import { byId, make } from './dom.js';
import { EXAMPLES } from './examples.js';
import { FIRST_TASK, TASKS } from './tasks.js';

/** @typedef {import('./tasks.js').TaskName} TaskName */
/** @typedef {import('./examples.js').Example} Example */

export class Fields {
  #text = byId('text', HTMLTextAreaElement);
  #textLabel = byId('text-label', HTMLElement);
  #second = byId('second', HTMLTextAreaElement);
  #secondLabel = byId('second-label', HTMLElement);
  #secondRow = byId('second-row', HTMLElement);
  #insertMask = byId('insert-mask', HTMLButtonElement);
  #examples = byId('examples', HTMLElement);
  #done = byId('done', HTMLElement);
  #onFill;
  #task = FIRST_TASK;
  #mask = '';
  /** What stood in the second box when a task was left, or what a link wants there. @type {Map<TaskName, string>} */
  #seconds = new Map();

  /**
   * @param {object} options
   * @param {() => void} options.onInput someone types
   * @param {() => void} options.onFill the boxes were filled, or someone asks for the result at once
   */
  constructor({ onInput, onFill }) {
    this.#onFill = onFill;
    for (const box of [this.#text, this.#second]) {
      box.addEventListener('input', onInput);
      box.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        onFill();
      });
    }
    this.#insertMask.addEventListener('click', () => {
      this.#text.setRangeText(this.#mask, this.#text.selectionStart, this.#text.selectionEnd, 'end');
      this.#text.focus();
      onFill();
    });
    this.#dress();
  }

  get text() {
    return this.#text.value;
  }

  /** @param {string} text */
  set text(text) {
    this.#text.value = text;
    this.#onFill();
  }

  /** What stands in the second box, or would for this task. @param {TaskName} [task] */
  second(task = this.#task) {
    if (!TASKS[task].second) return '';
    return task === this.#task ? this.#second.value : this.#seconds.get(task) ?? EXAMPLES[task][0].second ?? '';
  }

  /** What stands there once a model of the task is in use. @param {TaskName} task @param {string} text */
  keepSecond(task, text) {
    this.#seconds.set(task, text);
  }

  /** What is missing of the boxes, in words; empty if nothing is. */
  get missing() {
    const { text, second } = TASKS[this.#task];
    if (!this.text.trim()) return text.missing;
    if (second && !this.second().trim()) return second.missing;
    return this.text.includes(this.#mask) ? '' : `Put ${this.#mask} where a word is missing.`;
  }

  /**
   * The boxes of a task. A text that someone wrote stays, an example gives way to one of the task.
   * @param {TaskName} task
   * @param {string} mask what stands for a gap, empty if the task has none
   */
  become(task, mask) {
    const former = this.#task;
    const untouched = !this.text.trim() || EXAMPLES[former].some((example) => this.#gapped(example.text) === this.text);
    if (this.#mask && mask) this.#text.value = this.text.replaceAll(this.#mask, mask);
    this.#mask = mask;
    if (task === former) return this.#dress();
    this.#seconds.set(former, this.#second.value);
    this.#task = task;
    this.#second.value = this.#seconds.get(task) ?? EXAMPLES[task][0].second ?? '';
    if (untouched) this.#text.value = this.#gapped(EXAMPLES[task][0].text);
    this.#dress();
  }

  /** Labels, hints and examples of the task. */
  #dress() {
    const { text, second, done } = TASKS[this.#task];
    this.#textLabel.textContent = text.label;
    this.#text.placeholder = text.placeholder;
    this.#secondRow.hidden = !second;
    this.#secondLabel.textContent = second?.label ?? '';
    this.#second.placeholder = second?.placeholder ?? '';
    this.#second.rows = second?.rows ?? 1;
    this.#done.textContent = done;
    this.#insertMask.hidden = !this.#mask;
    this.#insertMask.textContent = `Insert ${this.#mask}`;
    this.#examples.replaceChildren(...EXAMPLES[this.#task].map((example) => this.#button(example)));
  }

  /** @param {Example} example */
  #button({ name, text, second }) {
    const button = make('button', 'example', name);
    button.type = 'button';
    button.addEventListener('click', () => {
      if (second !== undefined) this.#second.value = second;
      this.text = this.#gapped(text);
    });
    return button;
  }

  /** @param {string} text of an example */
  #gapped(text) {
    return text.replaceAll('[MASK]', this.#mask || '[MASK]');
  }
}
