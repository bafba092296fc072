/** `www/` is a static folder: it works on a host that sends no special header, from any sub-path. */
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { serve } from '../../tools/serve.mjs';
import { launch, openPage, WWW } from './harness.mjs';
import { shared, sharedFolder } from './shared.mjs';

const root = await sharedFolder();
await cp(WWW, path.join(root, 'some/sub/path'), { recursive: true });
const server = shared(await serve({ root, bare: true }));
const browser = shared(await launch());

test('www/ works as plain files under a sub-path, held by the policy of its own <meta>', async () => {
  const { page, problems } = await openPage(browser);
  const response = await page.goto(`${server.url}some/sub/path/`);
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
