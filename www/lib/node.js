/**
 * `headwise` in Node, Deno and Bun: models also from folders on disk, what is downloaded in a folder, workers that are
 * threads. The face is that of `index.js`.
 */

import { Worker } from 'node:worker_threads';
import { faceOn } from './face.js';
import { glue, init } from './generated.js';
import { nodeHost } from './node/host.js';
import { NodeWorker } from './node/worker.js';

export { latest } from './calls.js';
export { HeadwiseError } from './errors.js';
export { fileUrl } from './source/hub.js';
export { droppedFiles } from './source/local.js';
export { Tensor } from './tensor.js';

export const {
  pipeline,
  AutoTokenizer,
  AutoConfig,
  AutoModel,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
  AutoModelForQuestionAnswering,
  AutoModelForMultipleChoice,
  AutoModelForMaskedLM,
  models,
} = faceOn({
  ...nodeHost(init, glue),
  // Not with the arguments of the process, some of which a thread refuses.
  workers: [() => /** @type {any} */ (new NodeWorker(new Worker(new URL('./worker-node.js', import.meta.url), { execArgv: [] })))],
});
