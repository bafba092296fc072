/** The face of the package on a host; every entry has the same. */

import { autoClassesOn } from './auto.js';
import { modelsOn } from './models.js';
import { pipelineOn } from './pipeline.js';

/** @param {import('./host.js').Host} host */
export function faceOn(host) {
  return { pipeline: pipelineOn(host), models: modelsOn(host), ...autoClassesOn(host) };
}
