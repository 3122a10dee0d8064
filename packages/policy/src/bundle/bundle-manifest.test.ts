import { describe, expect, it } from 'vitest';
import { errorOf } from '../test-support/error-of.js';
import { parseBundleManifest } from './bundle-manifest.js';
import { noRecord } from './bundle-record.js';

const data = { directory: { grants: {} }, other: { list: [] } };
const parse = (manifest: unknown, of = data) => parseBundleManifest(manifest, of, 'x.tar.gz');

const ours = { entrypoint: 'directory/authz/decision', module: '/policy.wasm' };

describe('parseBundleManifest', () => {
  it('refuses modules for other entrypoints only, as OPA would take the Rego sources then', async () => {
    for (const wasm of [[], [{ ...ours, entrypoint: 'directory/authz/other' }], [{ module: '/policy.wasm' }]]) {
      expect((await errorOf(() => parse({ wasm }))).code).toBe('bundle_missing_entrypoint');
    }
  });

  it('gives the defaults without a manifest or a record', () => {
    for (const manifest of [undefined, {}, { metadata: {} }, { metadata: { other: 1 } }]) {
      expect(parse(manifest)).toEqual({ revision: '', record: noRecord });
    }
  });

  it.each<[string, object]>([
    ['a revision', { revision: '7' }],
    ['the root', { roots: [''] }],
    ['roots that cover all', { roots: ['directory', '/other/list'] }],
    ['a root above and a root that has no data', { roots: ['directory/', 'other', 'third/one'] }],
    ['a root of a million slashes, in no time', { roots: [`a${'/'.repeat(1_000_000)}b`, 'directory', 'other'] }],
    [
      'as many roots as there may be',
      { roots: ['directory', 'other', ...Array.from({ length: 998 }, (_, index) => `r${index}`)] },
    ],
    ['our module', { wasm: [ours] }],
    ['our module, for more than we ask', { wasm: [{ ...ours, entrypoint: 'other/rule' }, ours] }],
    ['what OPA may add', { rego_version: 1, file_rego_versions: {} }],
  ])('takes %s', (_, manifest) => {
    expect(parse(manifest)).toEqual({ revision: 'revision' in manifest ? '7' : '', record: noRecord });
  });

  it.each<[string, unknown]>([
    ['no object', []],
    ['a revision that is no text', { revision: 7 }],
    ['a revision without end', { revision: 'r'.repeat(1_001) }],
    ['roots that are no list', { roots: 'directory' }],
    ['a root that is no text', { roots: [1] }],
    ['no root', { roots: [] }],
    ['roots that leave data out', { roots: ['directory'] }],
    ['roots that leave a list out', { roots: ['directory', 'other/list/0'] }],
    ['roots that leave the entrypoint out', { roots: ['directory/grants', 'other'] }],
    ['a root below another', { roots: ['directory', 'directory/authz', 'other'] }],
    ['a root twice', { roots: ['', '/'] }],
    ['a root with an empty segment, which covers nothing in OPA', { roots: ['directory//authz', 'directory/grants', 'other'] }],
    [
      'more roots than can be compared',
      { roots: ['directory', 'other', ...Array.from({ length: 999 }, (_, index) => `r${index}`)] },
    ],
    ['roots in capitals, which OPA reads', { Roots: ['elsewhere'] }],
    ['modules with another letter for the s, which OPA reads', { waſm: [] }],
    ['an entrypoint twice', { wasm: [ours, ours] }],
    ['another module', { wasm: [{ entrypoint: 'directory/authz/decision', module: '/other.wasm' }] }],
    ['modules that are no list', { wasm: {} }],
    ['metadata that is no object', { metadata: 1 }],
  ])('refuses %s', async (_, manifest) => {
    expect((await errorOf(() => parse(manifest))).code).toBe('bundle_bad_manifest');
  });
});
