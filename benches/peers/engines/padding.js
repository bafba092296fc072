/** What engines that compute rectangles are given: every sequence as long as the longest, and a mask. */

/**
 * @param {number[][]} sequences
 * @param {number} pad
 * @returns {{shape: number[], tensors: Record<string, BigInt64Array>}}
 */
export function padded(sequences, pad) {
  const width = Math.max(...sequences.map((ids) => ids.length));
  const size = sequences.length * width;
  const tensors = {
    input_ids: new BigInt64Array(size).fill(BigInt(pad)),
    attention_mask: new BigInt64Array(size),
    token_type_ids: new BigInt64Array(size),
  };
  sequences.forEach((ids, row) => ids.forEach((id, column) => {
    tensors.input_ids[row * width + column] = BigInt(id);
    tensors.attention_mask[row * width + column] = 1n;
  }));
  return { shape: [sequences.length, width], tensors };
}
