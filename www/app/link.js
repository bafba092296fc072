/**
 * What a link to this page may say: `?model=` and `?task=` fill the form, `?endpoint=` names a mirror, `#text=` and
 * `&second=` fill the text boxes. The texts stand behind the `#` because browsers do not send that part to the server.
 */

import { FIRST_TASK, isTask } from './tasks.js';

/** @typedef {import('./tasks.js').TaskName} TaskName */

/**
 * @typedef {object} Link
 * @property {string} model
 * @property {TaskName} task
 * @property {string} unknown the task it names if there is none of that name
 * @property {string | undefined} endpoint
 * @property {string | null} text
 * @property {string | null} second
 */

/** @param {string} href @returns {Link} */
export function readLink(href) {
  const url = new URL(href);
  const task = url.searchParams.get('task')?.trim() || FIRST_TASK;
  const texts = new URLSearchParams(url.hash.slice(1));
  return {
    model: url.searchParams.get('model')?.trim() ?? '',
    task: isTask(task) ? task : FIRST_TASK,
    unknown: isTask(task) ? '' : task,
    endpoint: webAddress(url.searchParams.get('endpoint')),
    text: texts.get('text'),
    second: texts.get('second'),
  };
}

/**
 * The same page with this model and its task (or the shipped one) and, if given, these texts.
 * @param {string} href
 * @param {{model?: string, task?: TaskName, text?: string, second?: string}} what
 */
export function linkTo(href, { model = '', task = FIRST_TASK, text, second }) {
  const url = new URL(href);
  for (const [name, value] of [['model', model], ['task', model && task !== FIRST_TASK ? task : '']]) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  // A slash may stand in a query as it is, and the id is easier to read so.
  url.search = url.search.replaceAll('%2F', '/').replaceAll('%3A', ':');
  url.hash = new URLSearchParams({ ...text && { text }, ...second && { second } }).toString();
  return url.href;
}

/**
 * The id out of what people paste: an id, or the address of the model's page on the Hub.
 * @param {string} typed
 */
export function modelId(typed) {
  const page = /^https:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)(?:\/(?:tree|blob)\/.*)?\/?$/.exec(typed.trim());
  return page ? page[1] : typed.trim();
}

/** @param {string | null} address */
function webAddress(address) {
  if (!address || !URL.canParse(address)) return undefined;
  return /^https?:$/.test(new URL(address).protocol) ? address : undefined;
}
