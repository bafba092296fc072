/**
 * The licence a model states: the YAML front matter of its card, README.md.
 */

/**
 * @param {string} url of the card
 * @returns {Promise<string>} words for the page; never rejects
 */
export async function licenceOf(url) {
  try {
    const response = await fetch(url);
    if (response.status === 404) return 'licence not stated';
    if (!response.ok) return 'licence unknown: the model card cannot be read';
    const licence = frontMatterLicence(await response.text());
    return licence ? `licence ${licence}` : 'licence not stated';
  } catch {
    return 'licence unknown: the model card cannot be read';
  }
}

/**
 * `license`, or for "other" the name that stands beside it.
 * @param {string} card
 * @returns {string | undefined}
 */
export function frontMatterLicence(card) {
  const matter = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1] ?? '';
  const licence = field(matter, 'license');
  return licence === 'other' ? field(matter, 'license_name') ?? licence : licence;
}

/**
 * A top-level scalar, or the first item of a list.
 * @param {string} matter
 * @param {string} key
 */
function field(matter, key) {
  const value = new RegExp(`^${key}:[ \\t]*(?:\\r?\\n[ \\t]*-[ \\t]*|\\[[ \\t]*)?([^\\s,\\]#][^\\n,\\]#]*)`, 'm').exec(matter)?.[1];
  return value?.trim().replace(/^(['"])(.*)\1$/, '$2') || undefined;
}
