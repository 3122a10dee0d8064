// Bundles that the pinned opa signs: the one that the tests of @dirgate/policy read, and those of npm run policy:check.
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack, unpack } from './policy-bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = 'packages/policy/src/test-support/bundles';
const signatures = '.signatures.json';

/** What the fixture was signed with, and what verifies it. */
const fixture = { keyId: 'fixture', scope: 'directory', revision: '7', algorithm: 'ES256' };

/**
 * The signed fixture and its public key, as products. A signature is another one each time, and nobody keeps the private key: they
 * are current as long as opa finds the signature valid and makes the same files of the sources.
 */
export async function signedProducts(opa) {
  const scratch = mkdtempSync(join(tmpdir(), 'dirgate-signed-'));
  try {
    const fresh = await signedBundle(opa, scratch, { ...fixture, sources: join(root, folder, 'signed') });
    const current = await isCurrent(opa, scratch, fresh.bytes);
    const product = (path, bytes) => ({
      path: `${folder}/${path}`,
      bytes: current ? readFileSync(`${root}${folder}/${path}`) : bytes,
      current,
    });
    return [product('signed.tar.gz', fresh.bytes), product('signed.pub.pem', Buffer.from(fresh.publicKey))];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function isCurrent(opa, scratch, fresh) {
  try {
    const old = readFileSync(join(root, folder, 'signed.tar.gz'));
    const publicKey = readFileSync(join(root, folder, 'signed.pub.pem'), 'utf8');
    return opaVerifies(opa, scratch, old, { ...fixture, publicKey }) && (await unsigned(old)).equals(await unsigned(fresh));
  } catch {
    return false;
  }
}

async function unsigned(bytes) {
  const files = await unpack(gunzipSync(bytes));
  files.delete(signatures);
  return pack(files);
}

/** Builds and signs Rego sources with a key of its own: the bundle's bytes and the public key. */
export async function signedBundle(opa, scratch, { sources, keyId, scope, revision, algorithm }) {
  const { publicKey, privateKey } = keyPair(algorithm);
  const path = (name) => join(scratch, name);
  writeFileSync(path('key.pem'), privateKey, { mode: 0o600 });
  const signing = ['--signing-key', path('key.pem'), '--signing-alg', algorithm, '--revision', revision];
  if (scope === undefined) {
    signing.push('--verification-key-id', keyId);
  } else {
    // With claims of one's own opa names the key nowhere else.
    writeFileSync(path('claims.json'), JSON.stringify({ scope, keyid: keyId }));
    signing.push('--claims-file', path('claims.json'));
  }
  const build = [
    'build',
    '-b',
    '-t',
    'wasm',
    '-e',
    'directory/authz/decision',
    ...signing,

    '-o',
    path('signed.tar.gz'),
    '.',
  ];
  execFileSync(opa, build, { cwd: sources, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const files = await unpack(gunzipSync(readFileSync(path('signed.tar.gz'))));
  return { bytes: gzipSync(await pack(files), { level: 9 }), publicKey };
}

/** Whether opa takes a signed bundle. */
export function opaVerifies(opa, scratch, bytes, { keyId, scope, algorithm, publicKey }) {
  const path = (name) => join(scratch, name);
  writeFileSync(path('verified.tar.gz'), bytes);
  writeFileSync(path('verify.pem'), publicKey);
  const key = ['--verification-key', path('verify.pem'), '--verification-key-id', keyId, '--signing-alg', algorithm];
  const scoped = scope === undefined ? [] : ['--scope', scope];
  const args = ['build', '-b', path('verified.tar.gz'), ...key, ...scoped, '-o', path('again.tar.gz')];
  return spawnSync(opa, args, { cwd: scratch, stdio: 'ignore' }).status === 0;
}

function keyPair(algorithm) {
  const encodings = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  };
  const namedCurve = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' }[algorithm];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve, ...encodings });
  return generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings });
}
