// Whether @dirgate/policy and the pinned opa agree on signed bundles: each algorithm, and every way to spoil one.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { loadPolicy } from '../packages/policy/dist/index.js';
import { pack, unpack } from './policy-bundle.mjs';
import { opaVerifies, signedBundle } from './policy-signed.mjs';

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];
const rego = 'package directory.authz\n\n# METADATA\n# entrypoint: true\ndecision := {"allow": false, "reasons": [input.x]}\n';

/** Pairs of a check's name and what is wrong, empty when nothing is. */
export async function signatureReports(opa) {
  const scratch = mkdtempSync(join(tmpdir(), 'dirgate-signatures-'));
  try {
    const reports = [];
    for (const [index, algorithm] of algorithms.entries()) {
      const scope = index % 2 === 0 ? undefined : 'directory';
      reports.push([
        `opa's ${algorithm} signature`,
        await problemsOf(opa, scratch, { algorithm, scope, keyId: 'k1', revision: '1' }, index),
      ]);
    }
    return reports;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function problemsOf(opa, scratch, signing, seed) {
  const sources = join(scratch, `sources-${signing.algorithm}`);
  mkdirSync(join(sources, 'directory/authz'), { recursive: true });
  writeFileSync(join(sources, 'directory/authz/decision.rego'), rego);
  writeFileSync(join(sources, 'data.json'), JSON.stringify({ random: randomData(seed + 1) }));
  const { bytes, publicKey } = await signedBundle(opa, scratch, { ...signing, sources });
  const problems = [];
  for (const [name, wanted, change] of changes) {
    const files = await unpack(gunzipSync(bytes));
    change(files);
    const changed = gzipSync(await pack(files));
    const byOpa = opaVerifies(opa, scratch, changed, { ...signing, publicKey });
    const byUs = await verdict(changed, signing, publicKey);
    if (byOpa !== (wanted === 'taken') || byUs !== wanted) {
      problems.push(`${name}: wanted ${wanted}; opa ${byOpa ? 'took' : 'refused'} it, @dirgate/policy says ${byUs}`);
    }
  }
  return problems.join('\n');
}

const changes = [
  ['as it is', 'taken', () => {}],
  [
    'its JSON spaced and ordered in another way',
    'taken',
    (files) => {
      for (const path of ['data.json', '.manifest']) respace(files, path);
    },
  ],
  ['one value changed', 'bundle_changed_file', (files) => edit(files, 'data.json', (data) => ({ ...data, more: 1 }))],
  [
    'the manifest changed',
    'bundle_changed_file',
    (files) => edit(files, '.manifest', (manifest) => ({ ...manifest, revision: '2' })),
  ],
  ['a rule changed', 'bundle_changed_file', (files) => files.set('directory/authz/decision.rego', Buffer.from(`${rego}\n`))],
  [
    'a file added',
    'bundle_unlisted_file',
    (files) => files.set('directory/authz/more.rego', Buffer.from('package directory.more\n')),
  ],
  ['a file missing', 'bundle_missing_file', (files) => files.delete('directory/authz/decision.rego')],
  ['the signature missing', 'bundle_unsigned', (files) => files.delete('.signatures.json')],
];

async function verdict(bundle, { keyId, algorithm, scope }, publicKey) {
  const verification = { keys: [{ id: keyId, algorithm, publicKey }], ...(scope !== undefined && { scope }) };
  try {
    await loadPolicy({ bundle, verification });
    return 'taken';
  } catch (error) {
    return error.code ?? String(error);
  }
}

function edit(files, path, change) {
  files.set(path, Buffer.from(JSON.stringify(change(JSON.parse(files.get(path).toString())))));
}

function respace(files, path) {
  const reversed = (value) => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, inner]) => [key, reversed(inner)]),
    );
  };
  files.set(path, Buffer.from(`${JSON.stringify(reversed(JSON.parse(files.get(path).toString())), undefined, 3)}\n`));
}

// Every kind of text, name, nesting and number; the numbers are such as both languages write alike, or respacing would change them.
function randomData(seed) {
  let state = seed;
  const random = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const letters = [
    'a',
    'Z',
    '"',
    '\\',
    '/',
    '<',
    '&',
    '\u0000',
    '\u001f',
    '\u007f',
    '\n',
    'é',
    '\u2028',
    '\u2029',
    '\uffee',
    '😀',
  ];
  const text = () => Array.from({ length: random(5) }, () => letters[random(letters.length)]).join('');
  const value = (depth) => {
    const kind = random(depth > 4 ? 4 : 6);
    if (kind === 0) return text();
    if (kind === 1) return random(2) === 0 ? random(1_000_000) - 500_000 : (random(2000) - 1000) / 8;
    if (kind === 2) return [true, false, null][random(3)];
    if (kind === 3) return random(2) === 0 ? [] : {};
    const inner = Array.from({ length: random(6) }, () => value(depth + 1));
    return kind === 4 ? inner : Object.fromEntries(inner.map((member) => [text(), member]));
  };
  return Array.from({ length: 200 }, () => value(0));
}
