/**
 * The demo page, on the package's public API only. From here one goes to
 * `app/writing.js` (text → scores), `app/results.js` (scores → bars), `app/models.js` (which model),
 * `app/stored.js` and `app/folder.js` (those that are here already) and `app/facts.js` (what the model is made of).
 */

import { byId, make } from './app/dom.js';
import { EXAMPLES } from './app/examples.js';
import { showFacts } from './app/facts.js';
import { offerFiles } from './app/folder.js';
import { linkTo, readLink } from './app/link.js';
import { Models, SHIPPED } from './app/models.js';
import { readingOf, Results } from './app/results.js';
import { Writing } from './app/writing.js';

/** @typedef {import('./app/models.js').Classifier} Classifier */

start();

/** Wires the parts and begins with the shipped model and a text, so that there is a result at once. */
function start() {
  const link = readLink(location.href);
  const results = new Results();
  /** @type {Classifier | null} the one in use */
  let classifier = null;

  const writing = new Writing({
    results,
    onCrash(error) {
      classifier = null;
      models.lost(error);
    },
  });

  const models = new Models({
    endpoint: link.endpoint,
    onProgress(words) {
      if (!classifier) results.clear(words);
    },
    async onModel(ready, choice) {
      const former = classifier;
      const shipped = choice === SHIPPED;
      classifier = ready;
      results.expect(readingOf(ready.model), choice.threshold);
      // The first model must not take a link's proposal out of the address.
      if (former) history.replaceState(null, '', linkTo(location.href, { model: shipped || typeof choice.source !== 'string' ? '' : choice.source }));
      void showFacts(ready.model, choice);
      if (shipped) document.documentElement.dataset.ready = 'true';
      await Promise.all([writing.use(ready), former?.dispose()]);
    },
  });

  showExamples(writing);
  offerFiles(() => classifier);
  offerLink(writing);
  models.propose(link);
  writing.text = link.text ?? EXAMPLES[0].text;
  void models.load(SHIPPED);
}

/** @param {Writing} writing */
function showExamples(writing) {
  byId('examples', HTMLElement).append(...EXAMPLES.map(({ name, text }) => {
    const button = make('button', 'example', name);
    button.type = 'button';
    button.addEventListener('click', () => { writing.text = text; });
    return button;
  }));
}

/**
 * The text gets into a link on this click only, and never into the page's own address.
 * @param {Writing} writing
 */
function offerLink(writing) {
  const copied = byId('copied', HTMLElement);
  const byHand = byId('copied-link', HTMLElement);
  byId('copy-link', HTMLButtonElement).addEventListener('click', async () => {
    const href = linkTo(location.href, { model: readLink(location.href).model, text: writing.text });
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
  byId('text', HTMLTextAreaElement).addEventListener('input', () => {
    copied.textContent = '';
    byHand.hidden = true;
  });
}
