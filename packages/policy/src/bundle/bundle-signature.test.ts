import { type createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../load-policy.js';
import { errorOf } from '../test-support/error-of.js';
import {
  fixtureBundle,
  type PackedEntry,
  packBundle,
  shippedBundle,
  unpackBundle,
  withEntry,
} from '../test-support/pack-bundle.js';
import { fileList, type SigningKey, signEntries, signingKey, withSignatures } from '../test-support/sign-bundle.js';
import type { BundleVerification } from './bundle-verification.js';

const now = 1795330350000;
const load = async (entries: readonly PackedEntry[], verification?: BundleVerification) =>
  loadPolicy({ bundle: await packBundle(entries), clock: () => now, ...(verification && { verification }) });
const refusal = (entries: readonly PackedEntry[], verification?: BundleVerification) =>
  errorOf(() => load(entries, verification));

const textOf = (entries: readonly PackedEntry[], name: string) =>
  Buffer.from(entries.find(({ header }) => header.name === name)?.data ?? '').toString();

describe('a bundle that opa signed', () => {
  const publicKey = readFileSync(new URL('../test-support/bundles/signed.pub.pem', import.meta.url), 'utf8');
  const verification: BundleVerification = {
    keys: [{ id: 'fixture', algorithm: 'ES256', publicKey }],
    scope: 'directory',
  };
  let signed: readonly PackedEntry[];
  beforeAll(async () => {
    signed = await unpackBundle(fixtureBundle('signed'));
  });

  it('is taken', async () => {
    const policy = (await load(signed, verification)).current();
    expect(policy.decide({ answer: { allow: true, reasons: [] } }).allow).toBe(true);
  });

  it('is taken when its JSON is spaced and ordered in another way', async () => {
    const data = JSON.stringify(JSON.parse(textOf(signed, '/data.json')), undefined, 2);
    // Parsing changes the numbers, so they are put back as opa wrote them.
    const spaced = data
      .replace(/"numbers": \[[^\]]*\]/, '"numbers": [ 1.0,\n1e2, -0 , 12345678901234567890, 0.1 ]')
      .replace('"B": 4,', '')
      .replace('"a": 5,', '"a": 5,\t"B": 4,');
    const entries = withEntry(signed, '/data.json', spaced);
    expect(spaced).not.toBe(textOf(signed, '/data.json'));
    expect((await load(entries, verification)).current().phases).toHaveLength(2);
  });

  it.each<[string, string, (entries: readonly PackedEntry[]) => readonly PackedEntry[]]>([
    ['one value of the data is another', 'bundle_changed_file', (entries) => changed(entries, '/data.json', '"B":4', '"B":5')],
    ['a number is written in another way', 'bundle_changed_file', (entries) => changed(entries, '/data.json', '1.0', '1')],
    ['the manifest is another', 'bundle_changed_file', (entries) => changed(entries, '/.manifest', '"7"', '"8"')],
    [
      'a rule is another',
      'bundle_changed_file',
      (entries) => changed(entries, '/directory/authz/echo.rego', 'package', 'packagf'),
    ],
    ['the module is another', 'bundle_changed_file', (entries) => withEntry(entries, '/policy.wasm', 'x')],
    ['a file is added', 'bundle_unlisted_file', (entries) => withEntry(entries, '/more.rego', 'package more')],
    ['a file is missing', 'bundle_missing_file', (entries) => withEntry(entries, '/directory/authz/echo.rego', undefined)],
    ['the data are missing', 'bundle_missing_file', (entries) => withEntry(entries, '/data.json', undefined)],
    ['the signature is missing', 'bundle_unsigned', (entries) => withEntry(entries, '/.signatures.json', undefined)],
  ])('is refused when %s', async (_, code, change) => {
    expect(await refusal(change(signed), verification)).toMatchObject({ code });
  });

  it('is refused in another scope, by another key and without one', async () => {
    expect((await refusal(signed, { ...verification, scope: 'other' })).code).toBe('bundle_bad_signature');
    expect((await refusal(signed, { keys: verification.keys })).code).toBe('bundle_bad_signature');
    expect((await refusal(signed, { ...verification, keys: [signingKey('other').trusted] })).message).toContain('"fixture"');
    expect((await refusal(signed, { ...verification, keys: [signingKey('fixture').trusted] })).code).toBe('bundle_bad_signature');
    expect((await refusal(signed)).code).toBe('bundle_unverified');
  });
});

describe('the signature of a bundle', () => {
  let entries: readonly PackedEntry[];
  let key: SigningKey;
  let verification: BundleVerification;
  beforeAll(async () => {
    entries = await unpackBundle(fixtureBundle('echo'));
    key = signingKey();
    verification = { keys: [key.trusted] };
  });

  const tokenFor = (header: Readonly<Record<string, unknown>>, claims: object, secret: Parameters<SignJWT['sign']>[0]) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', ...header }).sign(secret);
  const claims = () => ({ files: fileList(entries) });

  it('may name its key in the header or, as `opa sign` does, in a claim', async () => {
    expect((await load(await signEntries(entries, key), verification)).current().phases).toHaveLength(2);
    const byClaim = await tokenFor({}, { ...claims(), keyid: 'k1' }, key.privateKey);
    expect((await load(withSignatures(entries, [byClaim]), verification)).current().phases).toHaveLength(2);
  });

  it('is required once there is a key, whatever the bundle names (GHSA-g2pf-6v5v-qcc8)', async () => {
    const signed = await signEntries(entries, key);
    expect((await load(signed, verification)).current().phases).toHaveLength(2);
    const stripped = withEntry(signed, '/.signatures.json', undefined);
    expect((await refusal(stripped, verification)).code).toBe('bundle_unsigned');
    expect((await refusal(withSignatures(entries, []), verification)).code).toBe('bundle_bad_signature');
    const elsewhere = withEntry(stripped, '/x/.signatures.json', textOf(signed, '/.signatures.json'));
    expect((await refusal(elsewhere, verification)).code).toBe('bundle_unsigned');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['no key', () => tokenFor({}, claims(), key.privateKey)],
    ['an empty key ID', () => tokenFor({ kid: '' }, { ...claims(), keyid: 'k1' }, key.privateKey)],
    ['a key ID that is no text', () => tokenFor({ kid: 1 as never }, claims(), key.privateKey)],
    ['an unknown key', () => tokenFor({ kid: 'k2' }, claims(), key.privateKey)],
    ['a known key and was made with another', () => tokenFor({ kid: 'k1' }, claims(), signingKey().privateKey)],
    ['a scope', () => tokenFor({ kid: 'k1' }, { ...claims(), scope: 'x' }, key.privateKey)],
    ['a scope that is no text', () => tokenFor({ kid: 'k1' }, { ...claims(), scope: [''] }, key.privateKey)],
    ['no files', () => tokenFor({ kid: 'k1' }, {}, key.privateKey)],
    ['files that are none', () => tokenFor({ kid: 'k1' }, { files: ['data.json'] }, key.privateKey)],
    ['a file twice', () => tokenFor({ kid: 'k1' }, { files: [...fileList(entries), ...fileList(entries)] }, key.privateKey)],
    [
      'a weak hash',
      () => tokenFor({ kid: 'k1' }, { files: fileList(entries).map((file) => ({ ...file, algorithm: 'MD5' })) }, key.privateKey),
    ],
    ['no hash', () => tokenFor({ kid: 'k1' }, { files: fileList(entries).map(({ name }) => ({ name })) }, key.privateKey)],
    ['an end that is past', () => tokenFor({ kid: 'k1' }, { ...claims(), exp: now / 1000 - 1 }, key.privateKey)],
    [
      'an unknown critical header',
      () => tokenFor({ kid: 'k1', crit: ['x'], x: 1 }, claims(), key.privateKey).catch(() => crit()),
    ],
    [
      'HS256 with the public key as its secret',
      () => tokenFor({ alg: 'HS256', kid: 'k1' }, claims(), Buffer.from(key.trusted.publicKey)),
    ],
    ['no algorithm', async () => `${base64({ alg: 'none', kid: 'k1' })}.${base64(claims())}.`],
    [
      'another algorithm',
      async () =>
        tokenFor({ alg: 'ES384', kid: 'k1' }, claims(), generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey),
    ],
    ['nothing', async () => ''],
    ['no token', async () => 7],
    ['half a token', async () => base64({ alg: 'ES256', kid: 'k1' })],
  ])('is refused when it names %s', async (_, make) => {
    const error = await refusal(withSignatures(entries, [await make()]), verification);
    expect(error.code).toBe('bundle_bad_signature');
    expect(error.message).not.toContain('\n');
  });

  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const crit = () => `${base64({ alg: 'ES256', kid: 'k1', crit: ['x'], x: 1 })}.${base64(claims())}.AAAA`;

  it('is not read when nobody could have needed so much', async () => {
    const signed = await signEntries(entries, key);
    const spaced = (bytes: number) => withEntry(signed, '/.signatures.json', textOf(signed, '/.signatures.json').padEnd(bytes));
    const most = 2 * 1024 * 1024;
    expect((await load(spaced(most), verification)).current()).toBeDefined();
    expect((await refusal(spaced(most + 1), verification)).code).toBe('bundle_bad_signature');
  });

  it('has not ended only where the clock says so', async () => {
    const ends = await signEntries(entries, key, { claims: { exp: now / 1000 + 60 } });
    const at = (time: number) => ({ bundle: packBundle(ends), clock: () => time });
    const open = async ({ bundle, clock }: ReturnType<typeof at>) =>
      loadPolicy({ bundle: await bundle, clock, verification, watch: false });
    expect((await open(at(now))).current()).toBeDefined();
    for (const time of [now + 61_000, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect((await errorOf(() => open(at(time)))).code).toBe('bundle_bad_signature');
    }
  });

  it('is one, in an object, without a plugin', async () => {
    const signed = await signEntries(entries, key);
    const { signatures } = JSON.parse(textOf(signed, '/.signatures.json')) as { readonly signatures: readonly string[] };
    const wrong = [
      [],
      { signatures: [...signatures, ...signatures] },
      { signatures: signatures[0] },
      { signatures, plugin: 'x' },
      { signatures, Plugin: 'x' },
    ];
    for (const document of wrong) {
      const changedEntries = withEntry(entries, '/.signatures.json', JSON.stringify(document));
      expect((await refusal(changedEntries, verification)).code).toBe('bundle_bad_signature');
    }
    expect((await refusal(withEntry(entries, '/.signatures.json', '{'), verification)).code).toBe('bundle_bad_json');
  });
});

describe('what a verification asks for besides', () => {
  const { trusted, privateKey } = signingKey();
  const keys = [trusted];
  const at = async (revision: string) => {
    const entries = await unpackBundle(fixtureBundle('echo'));
    const manifest = { ...(JSON.parse(textOf(entries, '/.manifest')) as object), revision };
    return signEntries(withEntry(entries, '/.manifest', JSON.stringify(manifest)), { trusted, privateKey });
  };

  it('is no revision before the oldest', async () => {
    for (const revision of ['7', '10'])
      expect((await load(await at(revision), { keys, oldestRevision: '7' })).current()).toBeDefined();
    for (const revision of ['6', '', '07', '7.1', 'v8', '-8', '1e3', '9'.repeat(33)]) {
      expect((await refusal(await at(revision), { keys, oldestRevision: '7' })).code).toBe('bundle_older');
    }
    expect((await load(await at('v8'), { keys })).current()).toBeDefined();
    expect((await refusal(await at('v8'), { keys, refuseOlder: true })).code).toBe('bundle_older');
    expect((await refusal(await at('8'), { keys, oldestRevision: 'v8' })).code).toBe('option_invalid');
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['false', false],
    ['no keys', {}],
    ['a misspelt member', { keys, refuseolder: true }],
    ['a flag as text', { keys, refuseOlder: 'true' }],
    ['a permission as text', { keys, allowUnsignedGrants: 'no' }],
    ['a scope that is no text', { keys, scope: null }],
  ])('is never off by mistake: %s', async (_, verification) => {
    const entries = await at('8');
    expect((await load(entries, { keys, scope: '', refuseOlder: true, allowUnsignedGrants: false })).current()).toBeDefined();
    const bundle = await packBundle(entries);
    const error = await errorOf(() => loadPolicy({ bundle, verification: verification as BundleVerification }));
    expect(error.code).toBe('option_invalid');
  });

  it('is that grants in a file are expected', async () => {
    const bundle = await packBundle(await signEntries(await unpackBundle(shippedBundle), { trusted, privateKey }));
    const data = fileURLToPath(new URL('../../../../integration/grants.yaml', import.meta.url));
    expect((await loadPolicy({ bundle, data, verification: { keys, allowUnsignedGrants: true } })).current()).toBeDefined();
    expect((await errorOf(() => loadPolicy({ bundle, data, verification: { keys } }))).code).toBe('option_invalid');
  });
});

describe('the keys of a verification', () => {
  const { trusted } = signingKey();
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
  const pem = (key: ReturnType<typeof createPublicKey>) => key.export({ type: 'spki', format: 'pem' }).toString();
  const bundle = fixtureBundle('signed');

  it.each<[string, BundleVerification['keys'][number][]]>([
    ['none', []],
    ['no ID', [{ ...trusted, id: '' }]],
    ['the same ID twice', [trusted, signingKey().trusted]],
    ['an algorithm with a shared secret', [{ ...trusted, algorithm: 'HS256' as never }]],
    ['no algorithm', [{ ...trusted, algorithm: 'none' as never }]],
    ['the algorithm of another curve', [{ ...trusted, algorithm: 'ES384' }]],
    ['the algorithm of another type', [{ ...trusted, algorithm: 'RS256' }]],
    ['a short RSA key', [{ ...trusted, algorithm: 'RS256', publicKey: pem(rsa(1024).publicKey) }]],
    ['no key', [{ ...trusted, publicKey: 'secret' }]],
    ['a private key', [{ ...trusted, publicKey: signingKey().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }]],
  ])('are refused with %s', async (_, keys) => {
    expect((await errorOf(() => loadPolicy({ bundle, verification: { keys } }))).code).toBe('option_invalid');
  });

  it('may be RSA from 2048 bits, each for its one algorithm', async () => {
    const { publicKey, privateKey } = rsa(2048);
    const entries = await unpackBundle(fixtureBundle('echo'));
    const keyFor = (algorithm: 'RS256' | 'PS512') => ({ trusted: { id: 'r', algorithm, publicKey: pem(publicKey) }, privateKey });
    for (const algorithm of ['RS256', 'PS512'] as const) {
      const signed = await signEntries(entries, keyFor(algorithm));
      expect((await load(signed, { keys: [keyFor(algorithm).trusted] })).current().phases).toHaveLength(2);
      const other = algorithm === 'RS256' ? 'PS512' : 'RS256';
      expect((await refusal(signed, { keys: [keyFor(other).trusted] })).code).toBe('bundle_bad_signature');
    }
  });
});

function changed(entries: readonly PackedEntry[], name: string, from: string, to: string): readonly PackedEntry[] {
  const text = textOf(entries, name);
  if (!text.includes(from)) throw new Error(`${name} does not hold ${from}`);
  return withEntry(entries, name, text.replace(from, to));
}
