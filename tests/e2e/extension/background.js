import { pipeline } from './headwise/www/lib/index.js';

globalThis.classifyOnce = async (model, text) => {
  const classify = await pipeline('text-classification', model);
  const [{ label }] = await classify(text);
  return { label, warnings: classify.model.warnings };
};
