/** Sorts mails under labels that a person thinks of, by a model in the extension's own folder. */

import { pipeline } from './headwise/www/lib/index.js';
import { mailsOf } from './mails.js';

const form = document.querySelector('form');
const main = document.querySelector('main');
const output = document.querySelector('output');
const loading = pipeline('zero-shot-classification', './model/');
loading.catch(tell);
let sorting = new AbortController();

/** @param {{message: string}} what */
function tell({ message }) {
  output.textContent = message;
}

/** Adds a label to the page. @param {string} label @returns {HTMLElement} the list of its mails */
function listOf(label) {
  const [section, heading, list] = ['section', 'h2', 'ul'].map((name) => document.createElement(name));
  heading.textContent = label;
  section.append(heading, list);
  main.append(section);
  return list;
}

/** @param {{subject: string, text: string}[]} mails @param {string[]} labels @param {AbortSignal} signal */
async function sort(mails, labels, signal) {
  main.replaceChildren();
  const lists = new Map(labels.map((label) => [label, listOf(label)]));
  const classify = await loading;
  const options = { hypothesis_template: 'This mail is {}.', signal };
  for await (const { index, result, error } of classify.stream(mails.map(({ text }) => text), labels, options)) {
    const { subject } = mails[index];
    tell({ message: error ? `${subject}: ${error.message}` : `${index + 1} of ${mails.length}` });
    if (error) continue;
    lists.get(result.labels[0]).append(Object.assign(document.createElement('li'), { textContent: subject }));
  }
  chrome.runtime.sendMessage({ count: lists.get(labels[0]).childElementCount });
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  sorting.abort(); // whoever asks again has no use for what was asked before
  const { signal } = sorting = new AbortController();
  const { labels, files, pasted } = form.elements;
  try {
    const texts = [...await Promise.all([...files.files].map((file) => file.text())), pasted.value];
    await sort(texts.flatMap(mailsOf), labels.value.split(',').map((label) => label.trim()).filter(Boolean), signal);
  } catch (error) {
    if (!signal.aborted) tell(error);
  }
});
