/**
 * The small files of a model: its configuration and its tokenizer, in whichever form it has one.
 */

import { HeadwiseError } from './errors.js';

/**
 * Configuration and tokenizer, by file name.
 * @param {import('./load.js').AnyFiles} files
 * @param {string | undefined} config
 * @param {(file: string, bytes: Uint8Array) => void} [onFile] told of each that is there
 * @returns {Promise<Record<string, Uint8Array<ArrayBuffer>>>}
 */
export async function readSmallFiles(files, config, onFile) {
  /** @param {string} file @returns {Promise<[string, Uint8Array<ArrayBuffer>][]>} */
  const required = async (file) => {
    const bytes = await files.read(file);
    onFile?.(file, bytes);
    return [[file, bytes]];
  };
  /** @param {string} file @returns {Promise<[string, Uint8Array<ArrayBuffer>][]>} */
  const optional = (file) => required(file).catch((error) => {
    if (files.isAbsent(file, error)) return [];
    throw error;
  });
  const tokenizer = async () => {
    const whole = await optional('tokenizer.json');
    if (whole.length) return whole;
    const parts = ['vocab.txt', 'vocab.json', 'merges.txt', 'special_tokens_map.json'];
    return (await Promise.all(parts.map(optional))).flat();
  };
  const found = await Promise.all([
    config === undefined ? required('config.json') : [['config.json', new TextEncoder().encode(config)]],
    tokenizer(),
    optional('tokenizer_config.json'),
  ]);
  const small = Object.fromEntries(found.flat());
  if (!small['tokenizer.json'] && !small['vocab.txt'] && !(small['vocab.json'] && small['merges.txt'])) {
    throw new HeadwiseError('not-found',
      'The model has no tokenizer: neither tokenizer.json, nor vocab.txt, nor vocab.json with merges.txt.',
      { file: 'tokenizer.json' });
  }
  return small;
}
