/**
 * The demo page, on the package's public API only. From here one goes to `app/tasks.js` (what there is to do),
 * `app/writing.js` (texts → `app/outcomes.js` → result), `app/results.js` (result → bars), `app/models.js` (which
 * model), `app/stored.js` and `app/folder.js` (those that are here already) and `app/facts.js` (what it is made of).
 */

import { byId } from './app/dom.js';
import { EXAMPLES } from './app/examples.js';
import { showFacts } from './app/facts.js';
import { offerFiles } from './app/folder.js';
import { linkTo, readLink } from './app/link.js';
import { Models, SHIPPED } from './app/models.js';
import { Results } from './app/results.js';
import { FIRST_TASK, TASKS } from './app/tasks.js';
import { Writing } from './app/writing.js';

/** @typedef {import('./app/tasks.js').Loaded} Loaded */

start();

/** Wires the parts and begins with the shipped model and a text, so that there is a result at once. */
function start() {
  const link = readLink(location.href);
  const results = new Results();
  /** @type {Loaded | null} the one in use */
  let model = null;

  const writing = new Writing({
    results,
    onCrash(error) {
      model = null;
      models.lost(error);
    },
  });

  const models = new Models({
    endpoint: link.endpoint,
    onProgress(words) {
      if (!model) results.clear(words);
    },
    async onModel(ready, choice) {
      const former = model;
      const shipped = choice === SHIPPED;
      const { reading: read, wide } = TASKS[ready.task];
      const reading = typeof read === 'function' ? read(ready.model) : read;
      model = ready;
      results.expect({ reading, threshold: choice.threshold, wide });
      // The first model must not take a link's proposal out of the address.
      if (former) {
        const id = shipped || typeof choice.source !== 'string' ? '' : choice.source;
        history.replaceState(null, '', linkTo(location.href, { model: id, task: ready.task }));
      }
      void showFacts(ready.model, choice);
      if (shipped) document.documentElement.dataset.ready = 'true';
      await Promise.all([writing.use(ready), former?.dispose()]);
    },
  });

  offerFiles(() => model);
  offerLink(writing);
  models.propose(link);
  if (link.second !== null) writing.fields.keepSecond(link.task, link.second);
  writing.fields.text = link.text ?? EXAMPLES[FIRST_TASK][0].text;
  void models.load(SHIPPED);
}

/**
 * The texts get into a link on this click only, and never into the page's own address.
 * @param {Writing} writing
 */
function offerLink(writing) {
  const copied = byId('copied', HTMLElement);
  const byHand = byId('copied-link', HTMLElement);
  byId('copy-link', HTMLButtonElement).addEventListener('click', async () => {
    const { model, task } = readLink(location.href);
    const { fields } = writing;
    const href = linkTo(location.href, { model, task, text: fields.text, second: fields.second(task) });
    try {
      await navigator.clipboard.writeText(href);
      byHand.hidden = true;
      copied.textContent = 'Copied. The text is in the part of the link that browsers never send to a server.';
    } catch {
      // Without a secure context or permission the person copies by hand.
      const field = byId('copied-link-url', HTMLInputElement);
      copied.textContent = '';
      field.value = href;
      byHand.hidden = false;
      field.select();
    }
  });
  for (const id of ['text', 'second']) {
    byId(id, HTMLTextAreaElement).addEventListener('input', () => {
      copied.textContent = '';
      byHand.hidden = true;
    });
  }
}
