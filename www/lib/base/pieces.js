/** Many inputs in pieces, so that nobody has to wait for all of them. */

/** Characters of a piece: a few slices of tokens, so that it costs next to nothing that the last one is not full. */
const LONGEST = 1 << 14;
/** Most inputs of a piece, however short. */
const MOST = 1 << 10;

/** Characters of an input, about. @param {unknown} input */
export function sizeOf(input) {
  return typeof input === 'string' ? input.length : Object.values(input ?? []).join().length;
}

/** Whether so many inputs, of so many characters, make a piece. @param {number} count @param {number} size @param {number} [most] */
export const isPiece = (count, size, most = MOST) => count >= most || size >= LONGEST;

/**
 * Without inputs there is one piece, of none.
 * @template Input
 * @param {readonly Input[]} inputs
 * @returns {Generator<Input[], void>}
 */
export function* inPieces(inputs) {
  let [start, size] = [0, 0];
  for (let end = 1; end < inputs.length; end += 1) {
    size += sizeOf(inputs[end - 1]);
    if (!isPiece(end - start, size)) continue;
    yield inputs.slice(start, end);
    [start, size] = [end, 0];
  }
  yield inputs.slice(start);
}
