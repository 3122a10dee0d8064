import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readGrants } from './grants-file.js';
import { errorOf } from './test-support/error-of.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-grants-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, `${name.replaceAll(/\W+/g, '-')}.yaml`);
const grant = '[{roles: [reader], names: [a/b], schema_versions: ["1.0.0"]}]';

describe('readGrants', () => {
  it('reads every kind of grant', async () => {
    const file = path('good');
    const text = `ids: {"spiffe://a.example/x": ${grant}}\npath_prefixes: {"spiffe://a.example/x/y": ${grant}}\ntrust_domains: {b.example: ${grant}}\n`;
    writeFileSync(file, text);
    const list = [{ roles: ['reader'], names: ['a/b'], schema_versions: ['1.0.0'] }];
    expect(await readGrants(file)).toEqual({
      text,
      grants: {
        ids: { 'spiffe://a.example/x': list },
        path_prefixes: { 'spiffe://a.example/x/y': list },
        trust_domains: { 'b.example': list },
      },
    });
  });

  it('takes 16 segments of a prefix and no more', async () => {
    const file = path('segments');
    const prefix = (count: number) => `path_prefixes: {"spiffe://a.example${'/x'.repeat(count)}": ${grant}}`;
    writeFileSync(file, prefix(16));
    expect(Object.keys((await readGrants(file)).grants.path_prefixes ?? {})).toHaveLength(1);
    writeFileSync(file, prefix(17));
    expect((await errorOf(() => readGrants(file))).code).toBe('grants_invalid');
  });

  it('reads 1,000 grants', async () => {
    const file = path('many');
    writeFileSync(
      file,
      `ids:\n${Array.from({ length: 1_000 }, (_, index) => `  spiffe://a.example/x${index}: ${grant}\n`).join('')}`,
    );
    expect(Object.keys((await readGrants(file)).grants.ids ?? {})).toHaveLength(1_000);
  });

  it.each<[string, string, string | Uint8Array, RegExp]>([
    ['an empty file', 'grants_invalid', '', /must be object/],
    ['a list', 'grants_invalid', '- roles: [admin]', /must be object/],
    ['an unknown member', 'grants_invalid', '\nidz: {}', /"idz" is no known member/],
    [
      'an unknown role',
      'grants_invalid',
      'ids:\n  spiffe://a.example/x:\n    - roles: [boss]',
      /:3:15: .*.*"boss" must be one of reader/,
    ],
    [
      'a misspelt condition',
      'grants_invalid',
      'ids:\n  spiffe://a.example/x:\n    - roles: [admin]\n      nmes: [a]',
      /:4:7: .*"nmes" is no known member; there are roles, /,
    ],
    ['no roles', 'grants_invalid', 'ids: {"spiffe://a.example/x": [{names: [a]}]}', /roles/],
    ['an empty condition', 'grants_invalid', 'ids: {"spiffe://a.example/x": [{roles: [admin], names: []}]}', /names/],
    [
      'an upper-case trust domain',
      'grants_invalid',
      `ids: {"spiffe://A.example/x": ${grant}}`,
      /"spiffe:\/\/A\.example\/x" must be/,
    ],
    [
      'an ID that is none, below one that is',
      'grants_invalid',
      `ids:\n  spiffe://a.example/x: ${grant}\n  spiffe://a.example/y/: ${grant}\n`,
      /:3:3: .*"spiffe:\/\/a\.example\/y\/" must be/,
    ],
    ['a name that every object has', 'grants_invalid', `ids:\n  spiffe://a.example/x: ${grant}\n  __proto__: ${grant}`, /:3:3: /],
    ['an ID without a path', 'grants_invalid', `ids: {"spiffe://a.example": ${grant}}`, /must be/],
    ['a dot segment', 'grants_invalid', `ids: {"spiffe://a.example/../x": ${grant}}`, /must be/],
    ['a slash at the end of a prefix', 'grants_invalid', `path_prefixes: {"spiffe://a.example/x/": ${grant}}`, /must be/],
    ['a trust domain as an ID', 'grants_invalid', `trust_domains: {"spiffe://a.example": ${grant}}`, /without spiffe/],
    ['a slash at the end of a name', 'grants_invalid', 'ids: {"spiffe://a.example/x": [{roles: [admin], names: [a/]}]}', /names/],
    [
      'a number for a version',
      'grants_invalid',
      'ids: {"spiffe://a.example/x": [{roles: [admin], schema_versions: [1.0]}]}',
      /string/,
    ],
    ['a key twice', 'grants_bad_yaml', 'ids: {}\nids: {}', /:2:1: "ids" is there twice/],
    [
      'an ID twice',
      'grants_bad_yaml',
      `ids:\n  spiffe://a.example/x: ${grant}\n  "spiffe://a.example/x": ${grant}`,
      /:3:3: .* twice/,
    ],
    ['an alias', 'grants_bad_yaml', `trust_domains:\n  a.example: &a ${grant}\n  b.example: *a`, /:3:14: this is an alias/],
    ['a merge key', 'grants_bad_yaml', 'ids: {<<: {}, <<: {}}', /twice/],
    ['a tag', 'grants_bad_yaml', 'ids: !!js/function {}', /tag/],
    ['a tag that YAML knows', 'grants_bad_yaml', 'trust_domains: {}\nids: !!set {}', /:2:12: this has the tag/],
    ['YAML 1.1, with its merge keys', 'grants_bad_yaml', '%YAML 1.1\n---\nids: {<<: {}}', /YAML 1\.2/],
    ['two documents', 'grants_bad_yaml', '--- {}\n--- {}', /documents/],
    ['a name of two lines', 'grants_invalid', 'ids: {"spiffe://a.example/x\\ny": 1}', /"spiffe:\/\/a\.example\/x\\ny" must be/],
    ['nothing but depth', 'grants_bad_yaml', `ids: ${'['.repeat(20_000)}${']'.repeat(20_000)}`, /too deeply/],
    ['half a document', 'grants_bad_yaml', 'ids: [', /correct the file/],
    ['no text', 'grants_bad_yaml', Uint8Array.of(0xff, 0xfe, 0x00), /UTF-8/],
    ['too much', 'grants_invalid', Buffer.alloc(8 * 1024 * 1024 + 1, ' '), /larger/],
  ])('refuses %s', async (name, code, content, message) => {
    const file = path(name);
    writeFileSync(file, content);
    const error = await errorOf(() => readGrants(file));
    expect(error.code).toBe(code);
    expect(error.message.startsWith(file)).toBe(true);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('names the first of several mistakes, and how many more there are', async () => {
    const file = path('several');
    const of = async (text: string) => {
      writeFileSync(file, text);
      return (await errorOf(() => readGrants(file))).message;
    };
    expect(await of('idz: {}\nids: {}')).toContain(':1:1: the file: "idz" is no known member; there are ids, ');
    expect(await of('ids: {}\nidz: {}\nidy: {}')).toMatch(/:2:1: .* \(and 1 more mistake\); correct the file$/);
    expect(await of('ids: 1\nidz: {}\nidy: {}')).toMatch(/:1:6: .* \(and 2 more mistakes\); correct the file$/);
  });

  it('refuses a file that is not there', async () => {
    expect((await errorOf(() => readGrants(path('absent')))).code).toBe('grants_unreadable');
  });
});
