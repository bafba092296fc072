/**
 * What this site has stored on the device: shown, loaded without a download, kept, and deleted.
 */

import { models } from '../lib/index.js';
import { byId, make } from './dom.js';
import { bytes, bytesOf } from './words.js';

/** @typedef {import('../lib/index.js').StoredModel} StoredModel */

export class Stored {
  #section = byId('stored', HTMLDetailsElement);
  #title = byId('stored-title', HTMLElement);
  #list = byId('stored-list', HTMLUListElement);
  #note = byId('stored-note', HTMLElement);
  #keep = byId('stored-keep', HTMLButtonElement);
  #onLoad;

  /** @param {(model: {id: string, endpoint: string, revision?: string}) => void} onLoad */
  constructor(onLoad) {
    this.#onLoad = onLoad;
    byId('stored-clear', HTMLButtonElement).addEventListener('click', () => this.#after(models.clear()));
    this.#keep.addEventListener('click', async () => {
      const kept = await models.persist();
      await this.show();
      if (!kept) this.#note.textContent = 'The browser did not agree: it may delete them when the disk fills up.';
    });
  }

  /** Shows what is there now. */
  async show() {
    const [all, { quota, persisted }] = await Promise.all([models.list(), models.estimate()]);
    // What the page brings with it nobody has chosen.
    const list = all.filter(({ id }) => !id.startsWith(new URL('./', document.baseURI).href));
    const total = list.reduce((sum, model) => sum + model.bytes, 0);
    this.#section.hidden = list.length === 0;
    this.#title.textContent = `Stored on this device: ${bytes(total)}`;
    this.#list.replaceChildren(...list.map((model) => this.#row(model)));
    this.#keep.hidden = persisted;
    this.#note.textContent = persisted ? 'The browser keeps them until you delete them.'
      : quota ? `This site may use ${bytes(quota)}. The browser may delete it all when the disk fills up.` : '';
  }

  /** @param {StoredModel} model */
  #row({ id, endpoint, commit, revisions: [revision], bytes: held, files }) {
    const whole = files.reduce((sum, { size }) => sum + size, 0);
    // What is of a folder, and not of a Hub, has neither revisions nor a commit.
    const isWhole = commit === 'folder' ? held === whole : revision !== undefined;
    const of = commit === 'folder' ? '' : `, commit ${commit.slice(0, 7)}`;
    const state = isWhole ? `${bytes(held)}${of}` : `${bytesOf(held, whole)}, not complete`;
    const row = make('li');
    const name = make('span', 'stored-name', id);
    name.dir = 'auto';
    row.append(name, make('span', 'note', state), this.#button('Load', id, () => this.#onLoad({ id, endpoint, revision })),
      this.#button('Delete', id, () => this.#after(models.delete(id))));
    return row;
  }

  /** @param {string} words @param {string} id @param {() => void} action */
  #button(words, id, action) {
    const button = make('button', 'quiet', words);
    button.type = 'button';
    button.setAttribute('aria-label', `${words} ${id}`);
    button.addEventListener('click', action);
    return button;
  }

  /** @param {Promise<unknown>} change */
  async #after(change) {
    await change;
    await this.show();
    // What had the focus may be gone.
    if (!this.#section.hidden && !this.#section.contains(document.activeElement)) this.#title.focus();
  }
}
