/** Whether a comment may hurt, and which of its words make it so. Nothing here knows the page. */

/** The labels of the model that count, and the score from which they do. */
const HURTFUL = ['anger', 'annoyance', 'disgust'];
const ENOUGH = 0.4;
/** Most words that are left out one by one, and most that are named. */
const [LOOKED_AT, NAMED] = [100, 3];

/** @typedef {import('headwise').TextClassificationPipeline} Classify */
/** @typedef {{start: number, end: number}} Word where it stands in the text */

/**
 * @param {Classify} classify
 * @param {string} text
 * @returns {Promise<{label: string, score: number, words: Word[]} | undefined>} why it may hurt, if it may
 */
export async function judge(classify, text) {
  const scores = await classify(text, { top_k: null, priority: 'user-visible' });
  const worst = scores.find(({ label, score }) => HURTFUL.includes(label) && score >= ENOUGH);
  return worst && { ...worst, words: await decisiveWords(classify, text, worst) };
}

/**
 * The words that decided, what did most first: without such a word the score is much lower.
 * @param {Classify} classify
 * @param {string} text
 * @param {{label: string, score: number}} found
 */
async function decisiveWords(classify, text, found) {
  const words = [...text.matchAll(/[\p{L}\p{M}\p{N}'’]+/gu)].slice(0, LOOKED_AT)
    .map(({ 0: word, index }) => ({ start: index, end: index + word.length }));
  const without = words.map(({ start, end }) => text.slice(0, start) + text.slice(end));
  const scores = await classify(without, { top_k: null, priority: 'user-visible' });
  const drops = words.map((word, place) => {
    const { score } = scores[place].find(({ label }) => label === found.label);
    return { ...word, drop: found.score - score };
  }).sort((a, b) => b.drop - a.drop);
  return drops.filter(({ drop }) => drop > 0 && drop >= drops[0].drop / 3).slice(0, NAMED);
}
