/**
 * The task in the form: chosen by a person, a link, or a model that can do nothing else. Nothing but the form changes
 * until a model of the task is in use.
 */

import { byId, make } from './dom.js';
import { FIRST_TASK, TASKS } from './tasks.js';

/** @typedef {import('./tasks.js').TaskName} TaskName */

export class Chooser {
  #select = byId('task', HTMLSelectElement);
  #hint = byId('task-hint', HTMLElement);
  #field = byId('model-id', HTMLInputElement);
  #suggestions = byId('model-suggestions', HTMLDataListElement);

  constructor() {
    this.#select.replaceChildren(...Object.entries(TASKS).map(([task, { name }]) => {
      const option = make('option', '', name);
      option.value = task;
      return option;
    }));
    this.#select.addEventListener('change', () => this.#suggest());
    this.task = FIRST_TASK;
  }

  /** @returns {TaskName} */
  get task() {
    return /** @type {TaskName} */ (this.#select.value);
  }

  set task(task) {
    this.#select.value = task;
    const { about, models } = TASKS[task];
    this.#hint.textContent = about;
    this.#suggestions.replaceChildren(...models.map((id) => {
      const option = make('option');
      option.value = id;
      return option;
    }));
  }

  /** An id of the new task takes the place of a proposed one, but not of one that somebody typed. */
  #suggest() {
    this.task = this.task;
    const typed = this.#field.value.trim();
    const proposed = Object.values(TASKS).some(({ models }) => models.includes(typed));
    if (!typed || proposed) this.#field.value = TASKS[this.task].models[0] ?? '';
  }
}
