/**
 * Whether an answer can be the file that was asked for. Hosts of single-page applications, login pages of networks and
 * servers that know no status but 200 answer any address with something.
 */

/** @typedef {import('../fetch/request.js').Other} Other */

/** What the first bytes of a file are, by the end of its name. @type {[RegExp, (start: Uint8Array, text: string) => boolean][]} */
const BEGINNINGS = [
  [/(^|\/)modules\.json$/, (_, text) => text.startsWith('[')],
  [/\.json$/, (_, text) => /^[{[]/.test(text)],
  // Eight bytes tell how long the header is, which is far below 2³².
  [/\.safetensors$/, (start) => start.subarray(4, 8).every((byte) => byte === 0)],
  // A list of pieces, each a message of its own.
  [/\.model$/, (start) => start[0] === 0x0a && (start.length < 3 || start[2] === 0x0a)],
  // A zip archive, or a pickle.
  [/\.bin$/, (start) => start[0] === 0x80 || (start[0] === 0x50 && start[1] === 0x4b)],
];

/** A vocabulary may begin with a token such as `<s>` or `<p>`, hardly with one of these. */
const PAGE = /^<(!doctype|!--|\?xml|html|head|body)/i;

/** Beginning of the text that git keeps in place of a large file. */
const POINTER = 'version https://git-lfs.github.com/spec/';

/** Keys under which servers say what went wrong. (The `errors` of a `tokenizer_config.json` is a word.) */
const COMPLAINTS = { error: ['string', 'object'], errors: ['object'], message: ['string'], detail: ['string', 'object'] };

/** Bytes of the longest such answer. */
const LONGEST_COMPLAINT = 4096;

/**
 * What an answer is, if its beginning cannot be that of the file.
 * @param {string} file
 * @param {Uint8Array} bytes the first ones
 * @returns {Other | undefined}
 */
export function otherThan(file, bytes) {
  const start = bytes.subarray(0, 512);
  const text = new TextDecoder().decode(start).trimStart();
  if (text.startsWith(POINTER)) return { what: 'a pointer of Git LFS', exists: true };
  if (start[0] === 0x1f && start[1] === 0x8b) return { what: 'a gzip archive', exists: true };
  if (PAGE.test(text)) return { what: 'a web page' };
  const [, fits] = BEGINNINGS.find(([name]) => name.test(file)) ?? [];
  if (!fits || fits(start, text)) return undefined;
  return text.startsWith('<') ? { what: 'a web page' } : { what: 'something else', vague: true };
}

/**
 * What a whole answer is, if it says in words that there is no such file.
 * @param {string} file a small one
 * @param {Uint8Array} bytes all of them
 * @returns {Other | undefined}
 */
export function complaint(file, bytes) {
  if (bytes.length > LONGEST_COMPLAINT) return undefined;
  const text = new TextDecoder().decode(bytes).trim();
  // Vocabularies have many lines; of merges there may be none after the version.
  if (/\.(txt|codes)$/.test(file) && !text.includes('\n') && !text.startsWith('#')) return { what: 'something else' };
  return /^\{/.test(text) && isComplaint(text) ? { what: 'an error message' } : undefined;
}

/** Whether JSON has words where a vocabulary would have ids. @param {string} text */
function isComplaint(text) {
  try {
    const json = JSON.parse(text);
    return Object.entries(COMPLAINTS).some(([key, types]) => Object.hasOwn(json, key) && types.includes(typeof json[key]));
  } catch {
    return false;
  }
}
