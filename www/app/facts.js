/**
 * The loaded model: its name and licence, which tensors are the encoder's and which the head's.
 */

import { fileUrl } from '../lib/index.js';
import { byId, make } from './dom.js';
import { licenceOf } from './licence.js';
import { bytes, list, runsOn, short, whole } from './words.js';

/** @typedef {import('./tasks.js').Loaded['model']} ModelInfo */
/** @typedef {import('./models.js').Choice} Choice */

/** Layers of the head named on the page; the rest is counted. */
const HEAD_LAYERS = 4;

/**
 * @param {ModelInfo} info
 * @param {Choice} choice
 */
export async function showFacts(info, { source, name, endpoint }) {
  const link = byId('model-card', HTMLAnchorElement);
  const licence = byId('licence', HTMLElement);
  licence.textContent = '';
  byId('model-name', HTMLElement).textContent = name;
  showTensors(info);
  showEncoderAndHead(info);
  showWarnings(info);
  showNumbers(info);
  byId('model-facts', HTMLElement).hidden = false;
  // Files that a person opened have no page.
  link.hidden = typeof source !== 'string';
  if (typeof source !== 'string') return;
  const card = fileUrl(source, 'README.md', { endpoint });
  // The Hub shows a card on the page of the model's repository.
  link.href = card.replace(/\/resolve\/.*$/, '');
  const { href } = link;
  const words = await licenceOf(card);
  // Meanwhile another model may have taken the place.
  if (link.href === href && !link.hidden) licence.textContent = words;
}

/** @param {ModelInfo} info */
function showTensors({ encoder, head }) {
  const layers = [...new Set(head.tensors.map((tensor) => tensor.replace(/\.(weight|bias|gamma|beta)(_scale)?$/, '')))];
  const named = layers.slice(0, HEAD_LAYERS).join(', ');
  const more = layers.length > HEAD_LAYERS ? ` and ${layers.length - HEAD_LAYERS} more` : '';
  byId('tensors', HTMLElement).replaceChildren(
    make('span', 'encoder', `Encoder: ${whole(encoder.tensors)} tensors, ${short(encoder.parameters)} parameters`),
    make('span', 'aside', ' · '),
    make('span', 'head', layers.length ? `Head: ${named}${more} (${short(head.parameters)} parameters)` : 'Head: none'),
  );
  byId('encoder-share', HTMLElement).style.flexGrow = String(encoder.parameters);
  byId('head-share', HTMLElement).style.flexGrow = String(head.parameters);
  byId('head-share', HTMLElement).hidden = !layers.length;
}

/** @param {ModelInfo} info */
function showEncoderAndHead({ architecture }) {
  const [whole = 'RobertaForSequenceClassification', family = 'Roberta'] = /^(\w+)For\w+$/.exec(architecture ?? '') ?? [];
  byId('encoder-and-head', HTMLElement).textContent =
    `A bare model such as ${family}Model turns each token of the text into a vector and knows ` +
    `nothing of labels. A head is a few more matrices, trained for one task, that turn those vectors into scores: one ` +
    `per label, say; ${whole} is ${family}Model with such a head.`;
}

/** What is left aside of its files, or read otherwise: sentences that begin in lower case. @param {ModelInfo} info */
function showWarnings({ warnings }) {
  const place = byId('warnings', HTMLUListElement);
  place.replaceChildren(...warnings.map((warning) => {
    const item = make('li', '', `Note: ${warning}`);
    item.dir = 'auto';
    return item;
  }));
  place.hidden = warnings.length === 0;
}

/** @param {ModelInfo} info */
function showNumbers(info) {
  const { architecture, model_type, labels, max_length, parameters, memory, commit, revision } = info;
  const unused = [...info.ignored, ...info.unexpected];
  const facts = {
    Class: architecture ?? model_type,
    Labels: labels.length ? whole(labels.length) : '',
    Reads: `up to ${whole(max_length)} tokens`,
    Parameters: short(parameters),
    Memory: `${bytes(memory)} of weights`,
    'Runs on': runsOn(info),
    Commit: [commit, revision].filter(Boolean).join(', '),
    'Not used': unused.length ? list(unused, HEAD_LAYERS) : '',
  };
  byId('facts', HTMLDListElement).replaceChildren(...Object.entries(facts)
    .filter(([, value]) => value)
    .flatMap(([term, value]) => [make('dt', '', term), make('dd', '', value)]));
}
