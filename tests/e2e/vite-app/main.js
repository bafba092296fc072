import { pipeline } from 'headwise';

const classify = await pipeline('text-classification', './model/');
document.querySelector('input').addEventListener('input', async ({ target }) => {
  const [{ label }] = await classify(target.value);
  document.querySelector('output').textContent = label;
});
document.querySelector('input').disabled = false;
