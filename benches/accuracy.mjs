/**
 * What number types and builds do to the answers of the shipped model, in Chromium, through the public interface; and
 * what number types do to the tags of a token classifier, on the command line. Prints tables, then one line of JSON.
 * Judges nothing.
 *
 *   node benches/accuracy.mjs DATA.tsv [FOLDER TEXTS]
 *
 * DATA.tsv: lines of text TAB numbers of its labels, separated by commas. FOLDER: of a token classifier; TEXTS: for it,
 * one a line.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ROOT } from '../tests/e2e/harness.mjs';
import { withBlankPage } from './page.mjs';

const THRESHOLD = 0.3;
const CHUNK = 256;
const BUILDS = /** @type {const} */ (['relaxed', 'simd128']);
const DTYPES = /** @type {const} */ (['fp32', 'fp16', 'q8']);

/** Probabilities of a text, in the order of the model's labels. @typedef {number[]} Scores */
/** @typedef {{build: string, dtype: string, kernel: string, scores: Scores[]}} Run one for each build and number type */

/** @param {string} file */
async function readData(file) {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.includes('\t'));
  return lines.map((line) => {
    const [text, labels] = line.split('\t');
    return { text, labels: new Set(labels.split(',').map(Number)) };
  });
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} url
 * @param {typeof BUILDS[number]} variant
 * @param {typeof DTYPES[number]} dtype
 * @param {string[]} texts
 * @returns {Promise<Run>}
 */
async function classify(page, url, variant, dtype, texts) {
  const answer = await page.evaluate(async ({ url, variant, dtype, texts, CHUNK }) => {
    /** @type {typeof import('../www/lib/index.js')} */
    const { pipeline } = await import(`${url}www/lib/index.js`);
    const classifier = await pipeline('text-classification', `${url}www/models/emotions`, { variant, dtype });
    const { labels, kernel } = classifier.model;
    const scores = [];
    for (let start = 0; start < texts.length; start += CHUNK) {
      for (const result of await classifier(texts.slice(start, start + CHUNK), { top_k: null })) {
        const byLabel = new Map(result.map(({ label, score }) => [label, score]));
        scores.push(labels.map((label) => byLabel.get(label) ?? NaN));
      }
    }
    await classifier.dispose();
    return { kernel, scores };
  }, { url, variant, dtype, texts, CHUNK });
  return { build: variant, dtype, ...answer };
}

/**
 * F1 over all decisions (micro), and its mean over labels (macro).
 *
 * @param {Scores[]} scores
 * @param {Set<number>[]} expected
 */
function f1(scores, expected) {
  const counts = scores[0].map((_, label) => {
    const count = { hits: 0, misses: 0 }; // a wrong decision either way is half a miss in F1
    scores.forEach((text, index) => {
      const [found, wanted] = [text[label] > THRESHOLD, expected[index].has(label)];
      if (found && wanted) count.hits += 1;
      else if (found || wanted) count.misses += 1;
    });
    return count;
  });
  /** @param {{hits: number, misses: number}} count */
  const of = ({ hits, misses }) => (hits === 0 ? 0 : (2 * hits) / (2 * hits + misses));
  const sum = counts.reduce((all, { hits, misses }) => ({ hits: all.hits + hits, misses: all.misses + misses }));
  return { micro: of(sum), macro: counts.reduce((all, count) => all + of(count), 0) / counts.length };
}

/**
 * How much the answers of two runs differ: shares of texts, and a difference of probabilities.
 *
 * @param {Scores[]} ours
 * @param {Scores[]} theirs
 */
function compare(ours, theirs) {
  /** @param {Scores} text */
  const best = (text) => text.indexOf(Math.max(...text));
  /** @param {(text: Scores, other: Scores) => boolean} differ */
  const share = (differ) => ours.filter((text, index) => differ(text, theirs[index])).length / ours.length;
  return {
    sets: share((text, other) => text.some((score, label) => (score > THRESHOLD) !== (other[label] > THRESHOLD))),
    best: share((text, other) => best(text) !== best(other)),
    difference: ours.reduce((worst, text, index) => (
      text.reduce((worst, score, label) => Math.max(worst, Math.abs(score - theirs[index][label])), worst)), 0),
  };
}

/** @param {{sets: number, best: number, difference: number}} compared */
const columns = ({ sets, best, difference }) => ({
  'other set of labels': `${(100 * sets).toFixed(2)} %`,
  'other best label': `${(100 * best).toFixed(2)} %`,
  'largest difference': difference.toExponential(1),
});

/**
 * How often a token classifier answers otherwise than in fp32.
 *
 * @param {string} folder
 * @param {string} texts
 */
async function agreement(folder, texts) {
  const target = process.env.CARGO_TARGET_DIR ?? `${ROOT}target`;
  const { stdout } = await promisify(execFile)(`${target}/release/headwise`, ['agreement', folder, texts]);
  /** @typedef {{dtype: string, other_tags: number, entities_lost: number, entities_gained: number}} Compared */
  /** @type {{texts: number, tokens: number, entities: number, compared: Compared[]}} */
  const report = JSON.parse(stdout);
  console.log(`Token classifier, ${report.texts} texts with ${report.tokens} tokens and ${report.entities} entities in fp32`);
  console.table(report.compared.map(({ dtype, other_tags, entities_lost, entities_gained }) => ({
    dtype, 'other tags': `${other_tags} (${((100 * other_tags) / report.tokens).toFixed(2)} %)`, 'entities lost': entities_lost,
    'entities gained': entities_gained,
  })));
  return report;
}

async function main() {
  const [file, folder, texts] = process.argv.slice(2);
  if (folder && !texts) throw new Error('which texts for the token classifier? A file, one a line');
  if (!file) throw new Error('which data? A file with lines of text TAB numbers of its labels, separated by commas');
  const data = await readData(file);
  const [inputs, expected] = [data.map(({ text }) => text), data.map(({ labels }) => labels)];
  const runs = await withBlankPage(async (page, url) => {
    /** @type {Run[]} */
    const runs = [];
    for (const build of BUILDS) {
      for (const dtype of DTYPES) runs.push(await classify(page, url, build, dtype, inputs));
    }
    return runs;
  });
  /** @param {string} build @param {string} dtype */
  const scoresOf = (build, dtype) => runs.find((run) => run.build === build && run.dtype === dtype)?.scores ?? [];

  const quality = runs.map(({ build, dtype, kernel, scores }) => (
    { build, dtype, kernel, ...f1(scores, expected), ...compare(scores, scoresOf(build, 'fp32')) }));
  console.log(`${inputs.length} texts, labels above ${THRESHOLD}: F1, and how often answers differ from fp32 of the same build`);
  console.table(quality.map(({ build, dtype, kernel, micro, macro, ...compared }) => ({
    build, dtype, kernel, 'micro-F1': micro.toFixed(4), 'macro-F1': macro.toFixed(4), ...columns(compared),
  })));

  const builds = DTYPES.map((dtype) => ({ dtype, ...compare(scoresOf(BUILDS[0], dtype), scoresOf(BUILDS[1], dtype)) }));
  console.log(`How often answers differ between the builds ${BUILDS.join(' and ')}`);
  console.table(builds.map(({ dtype, ...compared }) => ({ dtype, ...columns(compared) })));
  const tokens = folder && await agreement(folder, texts);
  console.log(JSON.stringify({ texts: inputs.length, threshold: THRESHOLD, quality, builds, tokens }));
}

main().catch((error) => {
  console.error(`accuracy: ${error.message}`);
  process.exitCode = 1;
});
