/**
 * Where a model's files are: on the Hub, on a mirror of it, or in any folder.
 */

import { originOf, pageUrl, pathOf, segment } from '../base/urls.js';
import { HeadwiseError } from '../errors.js';

const HUB = 'https://huggingface.co';
const MODEL_ID = /^[\w.-]{1,96}(\/[\w.-]{1,96})?$/;
/** Schemes of applications too: whether one can be fetched, its environment knows. */
const FOLDER = /^((?!blob|data|ftp)[a-z][a-z\d+.-]*:\/\/|\.{0,2}\/)/i;

/**
 * A model reference, resolved.
 * @typedef {object} ModelSource
 * @property {string} id the reference as it was given
 * @property {string} url the folder of the model's files, with a slash at the end
 * @property {string} [query] of a folder: what follows the address of each file, with its question mark
 * @property {string} endpoint the Hub or mirror, the only place a token is sent to
 * @property {string} [api] of a Hub id, where a Hub tells of the model
 * @property {string} [revision] of a Hub id: branch, tag or commit
 */

/**
 * Resolves a Hub id (`user/model`) or the URL of a folder, absolute or relative to the page.
 * @param {string} model
 * @param {{endpoint?: string | null, revision?: string | null}} [options]
 * @returns {ModelSource}
 */
export function resolveModel(model, { endpoint, revision } = {}) {
  const hub = hubUrl(endpoint ?? HUB);
  if (typeof model === 'string' && FOLDER.test(model)) return { id: model, ...folderAt(model), endpoint: hub };
  const id = hubId(model);
  const wanted = revision ?? 'main';
  return {
    id,
    url: `${hub}/${id}/resolve/${segment(wanted, 'revision')}/`,
    endpoint: hub,
    api: `${hub}/api/models/${id}`,
    revision: wanted,
  };
}

/**
 * A model of a Hub at one commit, which no push can change.
 * @param {ModelSource} source of a Hub id
 * @param {string} commit
 * @returns {ModelSource}
 */
export function atCommit(source, commit) {
  return { ...source, url: `${source.endpoint}/${source.id}/resolve/${commit}/` };
}

/**
 * Refuses addresses beyond the page's origin, for `allow_remote: false`.
 * @param {unknown[]} urls others than strings are nothing that is fetched
 */
export function refuseRemote(urls) {
  const page = pageUrl();
  // A sandboxed frame has an address and no origin.
  const home = globalThis.origin ?? (page && originOf(page));
  for (const url of urls) {
    if (typeof url !== 'string' || originOf(url) === home) continue;
    throw new HeadwiseError('option', `“allow_remote: false” forbids ${url}, which is not of the page's origin.`,
      { option: 'allow_remote', url, supported: ['a URL of the page’s origin'] });
  }
}

/**
 * Where a file is.
 * @param {Pick<ModelSource, 'url' | 'query'>} source
 * @param {string} file
 */
export function addressOf({ url, query = '' }, file) {
  return url + pathOf(file) + query;
}

/**
 * The URL of one file of a model.
 * @param {string} model a Hub id, or the URL of a folder
 * @param {string} file a path inside the model, `'README.md'`
 * @param {{endpoint?: string | null, revision?: string | null}} [options]
 * @returns {string}
 */
export function fileUrl(model, file, options) {
  return addressOf(resolveModel(model, options), file);
}

/**
 * The error of a Hub id that a Hub does not know, with what to write if it is a folder of the page's site.
 * @param {any} error
 * @param {{id: string, api?: string}} source
 */
export async function meantFolder(error, { id, api }) {
  const { code, details } = error ?? {};
  // Of a file or a revision that is missing, the Hub knows the model.
  const unknown = /^(not-found|access)$/.test(code) && details.status && (details.reason ?? 'RepoNotFound') === 'RepoNotFound';
  if (!api || !unknown) return error;
  const folder = `./${id}`;
  try {
    const answer = await fetch(fileUrl(folder, 'config.json'), { mode: 'same-origin' });
    if (answer.ok && /^\s*{/.test(await answer.text())) {
      return new HeadwiseError(code, `The Hub has no model “${id}”, but this site has: write “${folder}”.`,
        { ...details, supported: [folder] });
    }
  } catch {
    // Nor can there be.
  }
  return error;
}

/** @param {string} endpoint */
function hubUrl(endpoint) {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !isPlain(url) || !/^http/.test(url.protocol)) {
    throw new HeadwiseError('option', 'The endpoint has to be an absolute http(s) URL without query and credentials.',
      { option: 'endpoint', supported: ['an absolute http(s) URL'] });
  }
  return url.href.replace(/\/+$/, '');
}

/** @param {unknown} model */
function hubId(model) {
  if (typeof model !== 'string' || !MODEL_ID.test(model) || model.includes('..') || model.split('/').includes('.')) {
    throw badModel(model, 'is neither a Hub id (“user/model”) nor a folder (“https://…”, “./…”, “/…”)');
  }
  return model;
}

/** @param {string} model @returns {Pick<ModelSource, 'url' | 'query'>} */
function folderAt(model) {
  const page = pageUrl();
  if (!URL.canParse(model, page)) throw badModel(model, 'is no URL here');
  const url = new URL(model, page);
  const { search } = url;
  url.search = '';
  if (!isPlain(url)) throw badModel(model, 'has a fragment or credentials');
  // “//host” and “/\host” look like paths and are other hosts.
  if (/^[./]/.test(model) && originOf(url.href) !== originOf(page)) throw badModel(model, 'leaves this site');
  return { url: url.href.replace(/\/*$/, '/'), ...search && { query: search } };
}

/** @param {URL} url */
function isPlain({ username, password, href }) {
  return !username && !password && !/[?#]/.test(href);
}

/** @param {unknown} model @param {string} problem */
function badModel(model, problem) {
  return new HeadwiseError('model', `The model “${model}” ${problem}.`, { model });
}
