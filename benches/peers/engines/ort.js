/** onnxruntime-web as an application uses it by itself: its plain WASM build, one thread, every graph optimisation. */
import * as ort from '../node_modules/onnxruntime-web/dist/ort.wasm.min.mjs';
import { padded } from './padding.js';

/**
 * @param {import('../host.js').Model} model
 * @param {{file: string}} options
 * @returns {Promise<import('../host.js').Engine>}
 */
export async function open({ url, workload }, { file }) {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = new URL('../node_modules/onnxruntime-web/dist/', import.meta.url).href;
  const session = await ort.InferenceSession.create(`${url}onnx/${file}.onnx`, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    enableCpuMemArena: true,
    enableMemPattern: true,
  });
  return {
    about: `onnxruntime-web ${ort.env.versions.web}`,
    /** The tensors are made before the clock starts. */
    prepareIds(sequences) {
      const { shape, tensors } = padded(sequences, workload.pad);
      const feeds = Object.fromEntries(workload.inputs.map((name) => [name, new ort.Tensor('int64', tensors[name], shape)]));
      return async () => (await session.run(feeds)).logits.data;
    },
  };
}
