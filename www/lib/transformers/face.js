/** What all of this stands on: the face of the package on the host of whoever imports it. */

/** @typedef {typeof import('../index.js')} Face */

/** @type {Face} */
export let headwise;

/** To be called by the entry, before anything is used. @param {Face} face */
export function standOn(face) {
  headwise = face;
}
