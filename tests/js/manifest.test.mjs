import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseManifest } from '../../www/lib/source/manifest.js';
import { gitBlobHash, isIntegrity, sha256Of } from '../../www/lib/base/verify.js';

const sha = '0123456789abcdef0123456789abcdef01234567';
const sha256 = sha.repeat(2).slice(0, 64);

test('a manifest says commit, sizes and hashes; what it does not say is not expected', () => {
  const { commit, files } = parseManifest({
    sha,
    siblings: [
      { rfilename: 'config.json', size: 12, blobId: sha },
      { rfilename: 'model.safetensors', size: 134, blobId: sha, lfs: { sha256, size: 9000, pointerSize: 134 } },
      { rfilename: 'bare.txt' },
      { rfilename: 'odd.txt', size: -1, blobId: 'XYZ' },
      { rfilename: 'lfs.bin', size: 2 ** 60, blobId: sha, lfs: { sha256: sha256.toUpperCase() } },
      { size: 3 }, null, 'x',
    ],
  });
  assert.equal(commit, sha);
  assert.deepEqual(Object.fromEntries(files), {
    'config.json': { size: 12, blob: sha },
    'model.safetensors': { size: 9000, sha256 },
    'bare.txt': {},
    'odd.txt': {},
    'lfs.bin': {},
  });
});

test('what is no manifest', () => {
  const none = [undefined, null, 7, 'x', [], {}, { sha }, { sha, siblings: {} }, { sha: 'main', siblings: [] },
    { sha: '../../../evil/x'.padEnd(40, 'a'), siblings: [] }];
  for (const json of none) assert.equal(parseManifest(json), undefined, JSON.stringify(json));
});

test('hashes of git, and those that an application gives', async () => {
  // `printf 'hello\n' | git hash-object --stdin`
  assert.equal(await gitBlobHash(Buffer.from('hello\n')), 'ce013625030ba8dba906f756967f9e9ca394464a');
  for (const text of ['', 'x', 'ÿ'.repeat(1000)]) {
    const hash = createHash('sha256').update(text);
    const [hex, base64] = [hash.copy().digest('hex'), hash.digest('base64')];
    assert.ok(isIntegrity(`sha256-${base64}`));
    assert.equal(sha256Of(`sha256-${base64}`), hex);
    for (const bad of [base64, hex, `sha384-${base64}`, `sha256-${base64.slice(1)}`, `sha256-${base64} `, 7]) {
      assert.equal(isIntegrity(bad), false, `${bad}`);
    }
  }
});
