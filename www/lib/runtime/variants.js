/**
 * The builds of the WASM module, and which of them an environment can run. Both come from one source;
 * a module with one unknown instruction is refused as a whole, so one file cannot serve everybody.
 */

import { HeadwiseError } from '../errors.js';

/** @typedef {'relaxed' | 'simd128'} Variant */

/**
 * The smallest module that holds some instructions; they leave one vector on the stack.
 * @param {...number} instructions
 */
const moduleOf = (...instructions) => new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, // magic, version
  1, 5, 1, 96, 0, 1, 123, // types: () → v128
  3, 2, 1, 0, // functions: one of that type
  10, instructions.length + 4, 1, instructions.length + 2, 0, ...instructions, 11, // code
]);

/** `i32.const value`, `i8x16.splat` @param {number} value */
const splat = (value) => [65, value, 253, 15];

/** `i8x16.relaxed_swizzle` */
const RELAXED_SWIZZLE = [253, 128, 2];

/**
 * By preference: what the build needs, and a module that is valid only where that is there.
 * @type {Record<Variant, {needs: string, probe: import('../base/chunks.js').Bytes}>}
 */
export const VARIANTS = {
  relaxed: {
    needs: 'relaxed SIMD',
    probe: moduleOf(...splat(1), ...splat(2), ...RELAXED_SWIZZLE),
  },
  simd128: {
    needs: 'SIMD',
    probe: moduleOf(...splat(1)),
  },
};

/**
 * The variant to run: the one that is wanted, or the best one that runs here.
 * @param {Variant | 'auto'} [wanted]
 * @param {((module: import('../base/chunks.js').Bytes) => boolean) | undefined} [validate] undefined where there is no WebAssembly
 * @param {string[]} [offered] the variants that there are
 * @returns {Variant}
 */
export function pickVariant(wanted = 'auto', validate = globalThis.WebAssembly?.validate,
  offered = Object.keys(VARIANTS)) {
  const supported = /** @type {Variant[]} */ (Object.keys(VARIANTS))
    .filter((variant) => offered.includes(variant) && validate?.(VARIANTS[variant].probe));
  const picked = supported.find((variant) => wanted === 'auto' || wanted === variant);
  if (picked) return picked;
  const missing = !validate ? 'WebAssembly'
    : `${VARIANTS[wanted === 'auto' ? 'simd128' : wanted].needs} in WebAssembly`;
  const since = wanted === 'relaxed' ? '' : ' Chrome 91, Firefox 89 and Safari 16.4 have it.';
  throw new HeadwiseError('unsupported-environment', `This environment has no ${missing}. `
    + `Supported variants: ${supported.join(', ') || 'none'}.${since}`, { missing, supported });
}
