import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPolicy, PolicyError } from '@dirgate/policy';
import { afterAll, describe, expect, it } from 'vitest';

const bundle = fileURLToPath(new URL('dist/directory.tar.gz', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dirgate-schema-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The code of the refusal of a grant with this condition; `undefined`: it is taken. */
async function refusal(condition: object): Promise<string | undefined> {
  const data = join(folder, 'grants.json');
  writeFileSync(data, JSON.stringify({ trust_domains: { 'a.example': [{ roles: ['publisher'], ...condition }] } }));
  try {
    await loadPolicy({ bundle, data, watch: false });
    return undefined;
  } catch (error) {
    return error instanceof PolicyError ? error.code : 'another error';
  }
}

describe('names of a grant', () => {
  it.each([
    'acme',
    'directory.example/acme',
    'https://directory.example/acme',
    'directory.example/a b',
    'directory.example/{agent}',
    'directory.example/{executor}/x',
    'directory.example/{namespace}/{service_account}',
    'directory.example/{service}',
    'directory.example/{path.1}/{path.9}',
    '{trust_domain}/{agent}',
    'https://{trust_domain}/{agent}',
  ])('may be %s', async (name) => expect(await refusal({ names: [name] })).toBeUndefined());

  it.each([
    '',
    '/acme',
    'acme/',
    'directory.example/{agent}/',
    'directory.example/{Agent}',
    'directory.example/{user}',
    'directory.example/{path.0}',
    'directory.example/{path.10}',
    'directory.example/{path}',
    'directory.example/x-{agent}',
    'directory.example/{agent}-x',
    'directory.example/{agent}{agent}',
    'directory.example/{agent',
    'directory.example/agent}',
    'directory.example/{{agent}}',
    'directory.example/{agent}\n',
  ])('may not be %j', async (name) => expect(await refusal({ names: [name] })).toBe('grants_invalid'));

  // An identity can be chosen to look like a domain: /agent/directory.example.
  it.each(['{agent}', '{agent}/x', '{path.1}/x', 'https://{agent}/x', 'https:/{service}', '{namespace}/{trust_domain}'])(
    'may not let the caller choose the domain: %s',
    async (name) => expect(await refusal({ names: [name] })).toBe('grants_invalid'),
  );
});

describe('referrer types of a grant', () => {
  it('are full names of message types', async () => {
    expect(await refusal({ referrer_types: ['agntcy.dir.sign.v1.Signature'] })).toBeUndefined();
    for (const type of ['', 'agntcy.dir.sign.v1.*', '.Signature', 'a..b', 'type.googleapis.com/a.B'])
      expect(await refusal({ referrer_types: [type] })).toBe('grants_invalid');
  });

  it('are not an empty list', async () => expect(await refusal({ referrer_types: [] })).toBe('grants_invalid'));
});
