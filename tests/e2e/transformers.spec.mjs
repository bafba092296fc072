/** `headwise/transformers` in Chromium: workers, the Hub by id, a folder of models, all under the strict policy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../tools/serve.mjs';
import { openBlank } from './app.mjs';
import { startFakeHub } from './fake_hub.mjs';
import { launch, ROOT, unexpected } from './harness.mjs';
import { shared } from './shared.mjs';

const golden = `${ROOT}tests/golden/`;
const hub = shared(await startFakeHub({
  'distilbert/distilbert-base-uncased-finetuned-sst-2-english': { folder: `${golden}hub/tiny-distilbert/` },
  'sentence-transformers/all-MiniLM-L6-v2': { folder: `${golden}sentences/published/all-MiniLM-L6-v2/` },
}));
const server = shared(await serve({ root: ROOT }));
const browser = shared(await launch(hub.browserFlags));

test('code for transformers.js runs in a page', async () => {
  const { page, problems } = await openBlank(browser, server);
  const seen = await page.evaluate(async () => {
    const { AutoModel, AutoTokenizer, env, mean_pooling, pipeline } = await import(new URL('/www/lib/transformers.js', location.href).href);
    const classify = await pipeline('sentiment-analysis', null, { device: 'wasm', dtype: 'fp32' });
    const result = await classify('I love it!', { top_k: null });
    const { logits } = await classify.model(classify.tokenizer('I love it!'));
    const tokens = await classify.tokenizer.tokenize('I love it!');
    await classify.dispose();

    const tokenizer = await AutoTokenizer.from_pretrained('Xenova/all-MiniLM-L6-v2');
    const model = await AutoModel.from_pretrained('Xenova/all-MiniLM-L6-v2');
    const inputs = await tokenizer(['A man eats.', 'Someone is eating food.'], { padding: true });
    const vectors = mean_pooling((await model(inputs)).last_hidden_state, inputs.attention_mask).normalize(2, -1);
    const extractor = await pipeline('feature-extraction', 'Xenova/all-MiniLM-L6-v2');
    const embeddings = await extractor(['A man eats.', 'Someone is eating food.'], { pooling: 'mean', normalize: true });

    Object.assign(env, { allowLocalModels: true, allowRemoteModels: false, localModelPath: '/tests/golden/' });
    const tag = await pipeline('ner', 'tasks/wordpiece-token');
    const entities = await tag('Ada met Bob in Rome', { ignore_labels: [] });
    for (const loaded of [tokenizer, model, extractor, tag]) await loaded.dispose();
    return {
      scores: result.map((/** @type {any} */ { score }) => score), logits: [...logits.data], tokens,
      difference: Math.max(...vectors.data.map((/** @type {number} */ one, /** @type {number} */ place) => Math.abs(one - embeddings.data[place]))),
      entity: Object.keys(entities[0]).sort(),
    };
  });
  const powers = seen.logits.map(Math.exp).sort((a, b) => b - a);
  assert.equal(seen.scores.length, 3);
  assert.ok(seen.scores.every((score, place) => Math.abs(score - 1 / (1 + 1 / powers[place])) < 1e-5), `${seen.scores}`);
  assert.deepEqual(seen.tokens.slice(0, 2), ['i', 'l']);
  assert.ok(seen.difference < 1e-5, `${seen.difference}`);
  assert.deepEqual(seen.entity, ['end', 'entity', 'index', 'score', 'start', 'word']);
  assert.deepEqual(unexpected(problems), []);
});
