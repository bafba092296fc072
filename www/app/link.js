/**
 * What a link to this page may say: `?model=` fills the field, `?endpoint=` names a mirror, `#text=` fills the
 * text box. The text stands behind the `#` because browsers do not send that part to the server.
 */

/**
 * @param {string} href
 * @returns {{model: string, endpoint: string | undefined, text: string | null}}
 */
export function readLink(href) {
  const url = new URL(href);
  return {
    model: url.searchParams.get('model')?.trim() ?? '',
    endpoint: webAddress(url.searchParams.get('endpoint')),
    text: new URLSearchParams(url.hash.slice(1)).get('text'),
  };
}

/**
 * The same page with this model (or the shipped one) and, if given, this text.
 * @param {string} href
 * @param {{model?: string, text?: string}} what
 */
export function linkTo(href, { model, text }) {
  const url = new URL(href);
  if (model) url.searchParams.set('model', model);
  else url.searchParams.delete('model');
  // A slash may stand in a query as it is, and the id is easier to read so.
  url.search = url.search.replaceAll('%2F', '/').replaceAll('%3A', ':');
  url.hash = text ? new URLSearchParams({ text }).toString() : '';
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
