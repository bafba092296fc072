/**
 * Tokenizers of real size and kind with invented words: WordPiece as BERT's, byte-level BPE as RoBERTa's, Unigram as
 * XLM-R's.
 */

/**
 * The text of a `tokenizer.json` with a vocabulary of `count` pieces, special ones included.
 *
 * @param {'bert' | 'roberta' | 'xlm-roberta'} type
 * @param {number} count
 */
export function tokenizerJson(type, count) {
  const parts = { bert: wordPiece, roberta: byteLevel, 'xlm-roberta': unigram }[type](count);
  // XLM-R's is published with line breaks, which make it half as long again.
  return JSON.stringify({ version: '1.0', truncation: null, padding: null, ...parts }, null, type === 'xlm-roberta' ? 2 : 0);
}

/** @param {number} count */
function wordPiece(count) {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz0123456789.,!?-');
  const pieces = new Set([...special, ...letters, ...letters.map((letter) => `##${letter}`)]);
  const random = numbers();
  while (pieces.size < count) pieces.add(`${random(4) === 0 ? '##' : ''}${word(LATIN, 3 + random(7), random)}`);
  return {
    added_tokens: added(special, [0, 1, 2, 3, 4]),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100,
      vocab: ids(pieces),
    },
  };
}

/** @param {number} count */
function byteLevel(count) {
  const bytes = bytesAsLetters();
  const pieces = new Set(['<s>', '<pad>', '</s>', '<unk>', ...bytes]);
  /** What may grow: a letter, a space, and what has been merged of them. */
  const grown = Array.from('Ġabcdefghijklmnopqrstuvwxyz');
  const merges = [];
  const random = numbers();
  while (pieces.size < count - 1) {
    const [left, right] = [grown[random(grown.length)], grown[random(grown.length)]];
    if (right.startsWith('Ġ') || left.length + right.length > 10 || pieces.has(left + right)) continue;
    pieces.add(left + right);
    grown.push(left + right);
    merges.push(`${left} ${right}`);
  }
  pieces.add('<mask>');
  return {
    added_tokens: added(['<s>', '<pad>', '</s>', '<unk>', '<mask>'], [0, 1, 2, 3, count - 1]),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: { type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 0], trim_offsets: true, add_prefix_space: false },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '',
      fuse_unk: false, byte_fallback: false, vocab: ids(pieces), merges,
    },
  };
}

/** @param {number} count */
function unigram(count) {
  const scripts = [LATIN, LATIN, CYRILLIC, GREEK, ARABIC, DEVANAGARI, CHINESE];
  const pieces = new Set(['<s>', '<pad>', '</s>', '<unk>', '▁', ...new Set(scripts.flat())]);
  /** What longer pieces of each script begin with: as in a real vocabulary, they share it. */
  const stems = scripts.map((script) => ['', '▁', '▁', ...script]);
  const random = numbers();
  while (pieces.size < count - 1) {
    const at = random(scripts.length);
    const stem = stems[at][random(stems[at].length)];
    const piece = stem + word(scripts[at], 1 + random(3), random);
    if (piece.length > 12 || pieces.has(piece)) continue;
    pieces.add(piece);
    stems[at].push(piece);
  }
  pieces.add('<mask>');
  const scored = Array.from(pieces, (piece, id) => [piece, piece.startsWith('<') ? 0 : -3.5 - (15 * id) / count]);
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
  return {
    added_tokens: added(['<s>', '<pad>', '</s>', '<unk>', '<mask>'], [0, 1, 2, 3, count - 1]),
    normalizer: { type: 'NFKC' },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: { type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 0], trim_offsets: true, add_prefix_space: false },
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: 3, vocab: scored, byte_fallback: false },
  };
}

/** @param {number} first @param {number} last @returns {string[]} the letters of these code points */
const letters = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index));
const LATIN = letters(0x61, 0x7a);
const CYRILLIC = letters(0x430, 0x44f);
const GREEK = letters(0x3b1, 0x3c9);
const ARABIC = letters(0x627, 0x64a);
const DEVANAGARI = letters(0x905, 0x939);
const CHINESE = letters(0x4e00, 0x55ff);

/**
 * @param {string[]} script
 * @param {number} length
 * @param {(below: number) => number} random
 */
const word = (script, length, random) => Array.from({ length }, () => script[random(script.length)]).join('');

/** Whole numbers below a bound, the same in every run. */
function numbers() {
  let state = 0x2545_f491;
  return (/** @type {number} */ below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** @param {Iterable<string>} pieces */
const ids = (pieces) => Object.fromEntries(Array.from(pieces, (piece, id) => [piece, id]));

/** @param {string[]} contents @param {number[]} ids */
const added = (contents, ids) => contents.map((content, index) => (
  { id: ids[index], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }));

/** The letters that byte-level BPE writes for the 256 bytes: visible ones as they are, the others from U+0100 on. */
function bytesAsLetters() {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCodePoint(visible ? byte : next++);
  });
}
