/** transformers.js, from the file that its CDN serves, with everything it would download served locally. */
import {
  AutoModelForSequenceClassification, Tensor, env, pipeline,
} from '../node_modules/@huggingface/transformers/dist/transformers.min.js';
import { padded } from './padding.js';

const RUNTIME = '../node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded';

/**
 * With `dtype`, set up for speed: device and number type stated, one thread, the plain build of its runtime. Without,
 * as in the quick tour of its README: `pipeline(task, model)`, with the build that it picks itself.
 *
 * @param {import('../host.js').Model} model
 * @param {{dtype?: string}} options
 * @returns {Promise<import('../host.js').Engine>}
 */
export async function open({ name, url, workload }, { dtype }) {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = new URL('..', url).pathname;
  const wasm = /** @type {any} */ (env.backends.onnx.wasm);
  const at = (/** @type {string} */ ending) => new URL(`${RUNTIME}${dtype ? '' : '.asyncify'}${ending}`, import.meta.url).href;
  wasm.wasmPaths = { mjs: at('.mjs'), wasm: at('.wasm') };
  if (dtype) wasm.numThreads = 1;
  const settings = /** @type {any} */ (dtype ? { device: 'wasm', dtype } : undefined);
  const classify = workload.texts && await pipeline('text-classification', name, settings);
  const model = classify?.model ?? await AutoModelForSequenceClassification.from_pretrained(name, settings);
  return {
    about: `transformers.js ${env.version} on onnxruntime-web ${/** @type {any} */ (env.backends.onnx).versions.web}`,
    prepareIds(sequences) {
      const { shape, tensors } = padded(sequences, workload.pad);
      const inputs = Object.fromEntries(workload.inputs.map((input) => [input, new Tensor('int64', tensors[input], shape)]));
      return async () => (await model(inputs)).logits.data;
    },
    prepareTexts(texts) {
      return () => /** @type {any} */ (classify)(texts);
    },
  };
}
