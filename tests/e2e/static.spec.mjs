/** The page is a static folder: it works on a host that sends no special header, from any sub-path. */
import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { writePage } from '../../tools/bundle.mjs';
import { serve } from '../../tools/serve.mjs';
import { launch, openPage, WWW } from './harness.mjs';
import { shared, sharedFolder } from './shared.mjs';

const root = await sharedFolder();
await writePage(path.join(root, 'sub/path'));
await symlink(WWW, path.join(root, 'sub/sources'));
const server = shared(await serve({ root, bare: true }));
const browser = shared(await launch());

for (const form of ['path', 'sources']) test(`plain files work at sub/${form}, held by the policy of their own <meta>`, async () => {
  const { page, problems } = await openPage(browser);
  const response = await page.goto(`${server.url}sub/${form}/`);
  assert.equal(response?.headers()['content-security-policy'], undefined);
  await page.locator('html[data-ready="true"]').waitFor({ state: 'attached' });
  await page.fill('#text', 'Thank you for the quick help!');
  await page.locator('#results [data-label="gratitude"]').waitFor();
  assert.deepEqual(problems, []);
  assert.match(
    await page.evaluate(() => new Promise((resolve) => {
      const told = (/** @type {SecurityPolicyViolationEvent} */ violation) => resolve(violation.effectiveDirective);
      document.addEventListener('securitypolicyviolation', told, { once: true });
      fetch('https://elsewhere.example/').catch(() => {});
    })),
    /^connect-src/,
  );
});
