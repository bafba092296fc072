/**
 * Holds a comment that may hurt before it is sent, tells why, and leaves it to the person to send it all the same. To
 * use it: `npm install headwise`, copy this folder, put a model where `MODEL` says (and its labels into `hurtful.js`),
 * and let `send` send. What is held does not leave the page.
 */

import { pipeline } from 'headwise';
import { judge } from './hurtful.js';

const MODEL = '/emotions-q8/';

const form = document.querySelector('form');
const text = form.querySelector('textarea');
const held = form.querySelector('section');

/** @type {Promise<import('headwise').TextClassificationPipeline> | undefined} */
let loading;

/** The model, which is loaded once somebody is about to write. */
function load() {
  loading ??= pipeline('text-classification', MODEL);
  loading.catch(() => { loading = undefined; });
  return loading;
}

/** Why a comment may hurt, if it may. A model that fails holds nobody up. @param {string} comment */
async function look(comment) {
  try {
    return await judge(await load(), comment);
  } catch (error) {
    console.warn(error);
    return undefined;
  }
}

/** An application sends it to its server here. @param {string} comment */
function send(comment) {
  const item = document.createElement('li');
  item.textContent = comment;
  document.querySelector('ul').append(item);
  form.reset();
}

/** @param {string} comment @param {{label: string, score: number, words: {start: number, end: number}[]}} why */
function hold(comment, { label, score, words }) {
  held.querySelector('strong').textContent = `${label}, ${Math.round(100 * score)} %`;
  held.querySelector('blockquote').replaceChildren(...marked(comment, words));
  held.hidden = false;
  held.focus();
}

/** The text with the words marked. @param {string} comment @param {{start: number, end: number}[]} words */
function* marked(comment, words) {
  let at = 0;
  for (const { start, end } of [...words].sort((a, b) => a.start - b.start)) {
    yield comment.slice(at, start);
    yield Object.assign(document.createElement('mark'), { textContent: comment.slice(start, end) });
    at = end;
  }
  yield comment.slice(at);
}

text.addEventListener('focus', load, { once: true });
text.addEventListener('input', () => { held.hidden = true; });

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const comment = text.value.trim();
  if (!comment || text.readOnly) return;
  text.readOnly = true; // what is judged is what is sent
  const why = event.submitter?.value === 'anyway' ? undefined : await look(comment);
  text.readOnly = false;
  held.hidden = true;
  if (why) hold(comment, why);
  else send(comment);
});
