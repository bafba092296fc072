/** The measurements as Markdown: medians, ratios to the best peer, differences to Python. */

/** @param {string[][]} rows  the first one is the header */
function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (/** @type {string[]} */ cells) => `| ${cells.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0]))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  console.log(['', line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n'));
}

/** @param {number} ms */
const milliseconds = (ms) => (ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0));

/**
 * An engine is a line here, because there are more engines than rows.
 *
 * @param {import('./suites.mjs').Contender[]} contenders
 * @param {import('./run.mjs').Measured[]} measured
 */
export function printTables(contenders, measured) {
  const header = measured.map(({ row }) => row);
  printTable([
    ['median ms', ...header],
    ...contenders.map(({ name }) => [name, ...measured.map(({ engines }) => milliseconds(engines[name].median))]),
    ['(rounds)', ...measured.map(({ rounds }) => String(rounds))],
  ]);
  const ratios = contenders.filter(({ side }) => side === 'headwise').flatMap(({ name, dtype }) => {
    const peers = contenders.filter((one) => one.side === 'peer' && one.dtype === dtype);
    if (peers.length === 0) return [];
    return [[name, ...measured.map(({ engines }) => (
      engines[name].median / Math.min(...peers.map((peer) => engines[peer.name].median))).toFixed(2))]];
  });
  if (ratios.length > 0) printTable([['ratio to the best peer of the same number type', ...header], ...ratios]);
  printTable([
    ['largest difference to Python', ...header],
    ...contenders.map(({ name }) => [name, ...measured.map(({ engines }) => engines[name].difference.toExponential(0))]),
  ]);
}
