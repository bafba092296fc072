/**
 * The two things every part of the page does with elements: find one of a known class, make one with text.
 */

/**
 * The element with this id; throws when the page lacks it or it is of another class.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`#${id} is not a ${type.name}`);
  return found;
}

/**
 * A new element; whatever it says reaches the page as text, never as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/**
 * Moves an element from where or how it was, unless the person asked for less motion.
 * @param {Element} element
 * @param {string} transform the CSS transform it starts from
 * @param {string} [end] the one it ends with
 */
export function glide(element, transform, end = 'none') {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  element.animate([{ transform }, { transform: end }], { duration: 220, easing: 'cubic-bezier(0.2, 0, 0, 1)' });
}
