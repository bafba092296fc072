import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atCommit, fileUrl, refuseRemote, resolveModel } from '../../www/lib/source/hub.js';

globalThis.location = { href: 'https://site.example/app/index.html' };

test('model references', () => {
  const cases = {
    'user/model': 'https://huggingface.co/user/model/resolve/main/config.json',
    'bert-base-uncased': 'https://huggingface.co/bert-base-uncased/resolve/main/config.json',
    'https://cdn.example/m': 'https://cdn.example/m/config.json',
    'http://cdn.example/m/': 'http://cdn.example/m/config.json',
    './models/m': 'https://site.example/app/models/m/config.json',
    '../m/': 'https://site.example/m/config.json',
    '/m': 'https://site.example/m/config.json',
    './m?v=2': 'https://site.example/app/m/config.json?v=2',
    'https://cdn.example/m/?v=2&w': 'https://cdn.example/m/config.json?v=2&w',
    'https://cdn.example/m?': 'https://cdn.example/m/config.json',
    'chrome-extension://abc/m': 'chrome-extension://abc/m/config.json',
    'tauri://localhost/m/': 'tauri://localhost/m/config.json',
    'file:///home/m': 'file:///home/m/config.json',
  };
  for (const [model, url] of Object.entries(cases)) assert.equal(fileUrl(model, 'config.json'), url);
  assert.equal(
    fileUrl('user/model', 'onnx/a b?.json', { endpoint: 'https://mirror.example/hf/', revision: 'refs/pr/1' }),
    'https://mirror.example/hf/user/model/resolve/refs%2Fpr%2F1/onnx/a%20b%3F.json',
  );
});

test('what is no model reference', () => {
  const bad = ['', 'a/b/c', 'user/', '/user/../..//x#y', 'user/..', '..', 'a..b', 'user/.', './m#x', './m?x#y',
    'https://user:pw@cdn.example/m', '//evil.example/m', '/\\evil.example/m',
    'ftp://cdn.example/m', 'blob:https://site.example/m', 'blob://m', 'data:text/plain,m', 'app://host/m#x', 'user model', 'x'.repeat(97), null, undefined, 7];
  for (const model of bad) {
    assert.throws(() => resolveModel(model), { name: 'HeadwiseError', code: 'model' }, `${model}`);
  }
  for (const file of ['', '../x', 'a//b', 'a/./b']) {
    assert.throws(() => fileUrl('a/b', file), { code: 'model' }, file);
  }
  assert.throws(() => fileUrl('a/b', 'x', { revision: '..' }), { code: 'model' });
  for (const endpoint of ['hub.example', '/hub', 'https://hub.example?x', 'https://u:p@hub.example']) {
    assert.throws(() => resolveModel('a/b', { endpoint }), { code: 'option' }, endpoint);
  }
});

test('the manifest and the commit of a Hub model', () => {
  const source = resolveModel('user/model', { endpoint: 'https://mirror.example/hf/', revision: 'refs/pr/1' });
  assert.equal(source.api, 'https://mirror.example/hf/api/models/user/model');
  assert.equal(source.revision, 'refs/pr/1');
  assert.equal(atCommit(source, 'c0ffee').url, 'https://mirror.example/hf/user/model/resolve/c0ffee/');
  assert.equal(resolveModel('https://cdn.example/m').api, undefined, 'a folder has no manifest');
});

test('references on the origins of applications', (t) => {
  const { location } = globalThis;
  t.after(() => { globalThis.location = location; });
  for (const origin of ['chrome-extension://abc', 'moz-extension://0a-1b', 'app://bundle', 'capacitor://localhost']) {
    globalThis.location = { href: `${origin}/app/index.html` };
    assert.equal(resolveModel('./m').url, `${origin}/app/m/`);
    assert.equal(resolveModel('/m').url, `${origin}/m/`);
    assert.throws(() => resolveModel('//evil/m'), { code: 'model' });
    refuseRemote([resolveModel('../m').url]);
    assert.throws(() => refuseRemote([resolveModel('app://other/m').url]), { code: 'option' });
  }
});

test('what is remote', () => {
  refuseRemote([resolveModel('./m').url, resolveModel('a/b', { endpoint: 'https://site.example/hub' }).url, undefined]);
  for (const url of ['https://huggingface.co/x', 'http://site.example/m', 'https://site.example:8443/m']) {
    assert.throws(() => refuseRemote([undefined, url]), { code: 'option', details: { option: 'allow_remote', url,
      supported: ['a URL of the page’s origin'] } });
  }
});
