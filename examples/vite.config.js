/**
 * For trying the pages here from a checkout: `npx vite examples`, then /comment-form/, /react/ or /web-component/ of the
 * address that it prints. An application needs none of this: `npm install headwise`, and the model's folder in `public/`.
 */
export default { publicDir: '../www/models' };
