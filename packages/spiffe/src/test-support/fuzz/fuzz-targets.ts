import { isDeepStrictEqual } from 'node:util';
import { parseBundleMap } from '../../bundle-map.js';
import { parseCertificate } from '../../certificate.js';
import { splitDerCertificates } from '../../der-split.js';
import { parseJwtBundle, usableKeys } from '../../jwt-bundle.js';
import { createJwtSvidVerifier } from '../../jwt-svid-verifier.js';
import { marshalSpiffeBundle } from '../../marshal-spiffe-bundle.js';
import { parseUnverifiedJwtSvid } from '../../parse-unverified-jwt-svid.js';
import { parseSpiffeBundle } from '../../spiffe-bundle.js';
import { SpiffeError } from '../../spiffe-error.js';
import { parseSpiffeId } from '../../spiffe-id.js';
import { type JsonFault, parseStrictJson, parseStrictJsonExactly } from '../../strict-json.js';
import { parseTrustDomain } from '../../trust-domain.js';
import { verifyJwtSvid } from '../../verify-jwt-svid.js';
import { verifyPath } from '../../verify-path.js';
import { verifyX509Svid } from '../../verify-x509-svid.js';
import { createX509Bundle, parseX509Bundle, parseX509BundlePem } from '../../x509-bundle.js';
import { parseX509Svid } from '../../x509-svid.js';
import { createX509SvidVerifier } from '../../x509-svid-verifier.js';
import { AUDIENCE, NOW as TOKEN_NOW } from '../jwt-issuer.js';
import { NOW } from '../test-issuer.js';
import { CA, EC_LEAF, ID, LEAF, ROOT, RSA_LEAF } from './certificate-corpus.js';
import { type FuzzTarget, fuzzTarget, outcomeOf, require } from './fuzz-target.js';
import { mutateBinary, mutatePieces } from './mutate-der.js';
import { mutateJson, mutateToken } from './mutate-json.js';
import { mutateText } from './mutate-text.js';
import { sameVerdicts } from './remembered-verdicts.js';
import { ES256_TOKEN, JWKS_KEYS, NAMELESS_TOKEN, PS256_TOKEN } from './token-corpus.js';

type Good<T> = readonly [T, ...T[]];

const TD = parseTrustDomain('td');
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const x509Bundle = createX509Bundle(TD, [ROOT.der]);
const JWKS = JSON.stringify({ keys: JWKS_KEYS });
const jwtBundle = parseJwtBundle(TD, JWKS, { keysWithoutUse: 'ignore' });
const pem = (...ders: readonly Uint8Array[]) =>
  ders
    .map(
      (der) =>
        `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    )
    .join('');
/** Keys of the good inputs. */
const IMPORTED: ReadonlySet<string> = new Set(
  usableKeys(parseJwtBundle(TD, JWKS, { keysWithoutUse: 'jwt-svid' })).map((key) => JSON.stringify(key.jwk)),
);
const LEAVES = [LEAF, EC_LEAF, RSA_LEAF];
const PEER_CHAINS: Good<readonly Uint8Array[]> = [
  [LEAF.der, CA.der],
  [EC_LEAF.der, CA.der, ROOT.der],
  [RSA_LEAF.der, CA.der],
];
const TOKENS: Good<string> = [ES256_TOKEN, PS256_TOKEN, NAMELESS_TOKEN];
const X509_BUNDLES = { x509Bundle: () => x509Bundle };
const JWT_BUNDLES = { jwtBundle: () => jwtBundle };
const x509Verifier = createX509SvidVerifier({ bundles: X509_BUNDLES, usage: 'client' });
const jwtVerifier = createJwtSvidVerifier({ bundles: JWT_BUNDLES, audience: [AUDIENCE] });
const BUNDLE = marshalSpiffeBundle(
  parseSpiffeBundle(
    TD,
    JSON.stringify({
      keys: [
        { kty: 'OKP', use: 'x509-svid', x5c: [ROOT.der.toString('base64')] },
        { kty: 'OKP', use: 'x509-svid', x5c: [CA.der.toString('base64'), ''] },
        ...JWKS_KEYS,
      ],
      spiffe_refresh_hint: 300,
    }),
  ),
).replace(/}$/, ',"spiffe_sequence":9007199254740993}');

function textTarget<V>(
  name: string,
  good: Good<string>,
  execute: (text: string) => V,
  check: (value: V, text: string) => void,
  mutate = mutateText,
): FuzzTarget {
  return fuzzTarget({ name, good, execute, check, mutate, show: (text) => JSON.stringify(text) });
}

function binaryTarget<V>(
  name: string,
  good: Good<Uint8Array>,
  execute: (bytes: Uint8Array) => V,
  check: (value: V, bytes: Uint8Array) => void,
): FuzzTarget {
  return fuzzTarget({ name, good, execute, check, mutate: mutateBinary, show: hex });
}

const showPieces = (pieces: readonly Uint8Array[]) => pieces.map(hex).join(' ');

function piecesTarget<V>(
  name: string,
  good: Good<readonly Uint8Array[]>,
  execute: (pieces: readonly Uint8Array[]) => V,
  check: (value: V) => void,
): FuzzTarget {
  return fuzzTarget({ name, good, execute, check, mutate: mutatePieces, show: showPieces });
}

function jwksTarget(keysWithoutUse: 'jwt-svid' | 'ignore'): FuzzTarget {
  return textTarget(
    `JWK Set (${keysWithoutUse})`,
    [JWKS, JSON.stringify({ x: [{}], keys: JWKS_KEYS.slice(1, 3) })],
    (text) => parseJwtBundle(TD, text, { keysWithoutUse }),
    (bundle) => {
      // Whatever is let in as a key must really be one; import is what costs most.
      for (const key of usableKeys(bundle)) if (!IMPORTED.has(JSON.stringify(key.jwk))) key.publicKey();
    },
    mutateJson,
  );
}

const FAULTS = { syntax: 'jwks_malformed', depth: 'jwks_too_deep', 'duplicate-member': 'jwks_duplicate_member' } as const;
/** Strict JSON has no errors of its own; these stand for what its callers make of its faults. */
const jsonError = (fault: JsonFault) => new SpiffeError(FAULTS[fault], fault);

/** Every exported parser, the verifiers, and the two readers that all of them stand on. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  textTarget('SPIFFE ID', [ID, 'spiffe://td', 'spiffe://a_b-1.example/ns/x/.../SA_1-'], parseSpiffeId, (id, text) => {
    require(id.toString() === text && `spiffe://${id.trustDomain.name}${id.path}` === text, 'another text');
    require(id.segments.map((segment) => `/${segment}`).join('') === id.path, 'other segments');
  }),
  textTarget('trust domain', ['td', '10.0.0.1', 'a_b-1.example'], parseTrustDomain, ({ name }, text) => {
    require(name === text, 'another name');
  }),
  binaryTarget(
    'DER splitter',
    [CA.der, Buffer.concat([LEAF.der, CA.der, ROOT.der])],
    (bytes) => splitDerCertificates(bytes, 10),
    (certificates, bytes) => require(same(Buffer.concat(certificates), bytes), 'bytes are missing'),
  ),
  binaryTarget(
    'certificate',
    [ROOT.der, CA.der, LEAF.der, EC_LEAF.der, RSA_LEAF.der],
    (bytes) => {
      const certificate = parseCertificate(bytes);
      return { certificate, publicKey: certificate.publicKey };
    },
    ({ certificate, publicKey }, bytes) => {
      require(same(certificate.der, bytes), 'other bytes');
      require(Number.isFinite(certificate.notAfter) && certificate.serialNumber.length <= 42, 'no time or serial number');
      publicKey.export({ format: 'jwk' });
    },
  ),
  binaryTarget(
    'X.509 bundle (DER)',
    [ROOT.der, Buffer.concat([ROOT.der, CA.der])],
    (bytes) => parseX509Bundle(TD, bytes),
    ({ authorities }) => require(authorities.every(({ extensions }) => extensions.isCa), 'an authority that is no CA'),
  ),
  textTarget(
    'X.509 bundle (PEM)',
    [pem(ROOT.der), `# roots\n${pem(ROOT.der, CA.der)}`],
    (text) => parseX509BundlePem(TD, text),
    ({ authorities }) => require(authorities.length > 0, 'no authority'),
  ),
  piecesTarget(
    'X509-SVID',
    [[LEAF.der, CA.der, LEAF.key.privateKey.export({ format: 'der', type: 'pkcs8' })]],
    (pieces) => parseX509Svid({ chain: Buffer.concat(pieces.slice(0, -1)), privateKey: pieces.at(-1) ?? new Uint8Array() }),
    ({ id, validUntil }) => require(id.path !== '' && Number.isFinite(validUntil), 'no workload or no end'),
  ),
  fuzzTarget({
    name: 'X509-SVID chain of a peer',
    good: PEER_CHAINS,
    mutate: mutatePieces,
    execute: (pieces) => verifyX509Svid(pieces, X509_BUNDLES, { now: NOW, usage: 'client' }),
    // Nothing of it can be changed without breaking a signature.
    check: ({ id, leaf }) => require(id.toString() === ID && LEAVES.some(({ der }) => same(der, leaf.der)), 'a forged leaf'),
    compare: sameVerdicts({
      good: PEER_CHAINS,
      verify: (pieces) => x509Verifier.verify(pieces, NOW),
      essence: ({ id, leaf, anchor, bundle, validFrom, validUntil }) => {
        return [id.toString(), hex(leaf.der), hex(anchor.der), bundle === x509Bundle, validFrom, validUntil];
      },
    }),
    show: showPieces,
  }),
  piecesTarget(
    'path to any root',
    [
      [LEAF.der, CA.der, ROOT.der],
      [EC_LEAF.der, CA.der, ROOT.der],
    ],
    (pieces) => verifyPath(pieces.slice(0, -1), pieces.slice(-1), { now: NOW, usage: 'server' }),
    ({ certificates, anchor }) => require(certificates.at(-1) === anchor, 'a path that does not end in its anchor'),
  ),
  jwksTarget('jwt-svid'),
  jwksTarget('ignore'),
  textTarget(
    'SPIFFE bundle',
    [BUNDLE, JWKS],
    (text) => parseSpiffeBundle(TD, text),
    (bundle, text) => {
      // One in four, as writing costs more than reading.
      if (text.length % 4 !== 0) return;
      const written = outcomeOf({ execute: () => marshalSpiffeBundle(bundle) });
      // An authority with a key that cannot be used may be read, not written.
      if ('code' in written) return;
      require(parseSpiffeBundle(TD, String(written.value)).equals(bundle), 'not what it is written as');
    },
    mutateJson,
  ),
  textTarget(
    'SPIFFE bundle map',
    [`{"trust_domains":{"td":${BUNDLE},"b":{"keys":[]}}}`, '{"trust_domains":{}}'],
    parseBundleMap,
    ({ bundles }) => {
      for (const { trustDomain } of bundles) require(parseTrustDomain(trustDomain.name).equals(trustDomain), 'another name');
    },
    mutateJson,
  ),
  textTarget(
    'unverified JWT-SVID',
    TOKENS,
    parseUnverifiedJwtSvid,
    ({ id, expiresAt, audience }) => {
      require(id.path !== '' && Number.isFinite(expiresAt) && audience.length > 0, 'no workload, no end or no audience');
    },
    mutateToken,
  ),
  fuzzTarget({
    name: 'JWT-SVID',
    good: TOKENS,
    mutate: mutateToken,
    execute: (text) => verifyJwtSvid(text, JWT_BUNDLES, { audience: [AUDIENCE], now: TOKEN_NOW }),
    check: (_svid, text) => require(TOKENS.some((token) => token === text), 'a forged token'),
    compare: sameVerdicts({
      good: TOKENS,
      verify: (text) => jwtVerifier.verify(text, TOKEN_NOW),
      essence: ({ id, audience, expiresAt, validUntil, claims, bundle }) => {
        return [id.toString(), audience, expiresAt, validUntil, claims, bundle === jwtBundle];
      },
    }),
    show: JSON.stringify,
  }),
  textTarget(
    'strict JSON',
    [BUNDLE, '{"a":[1,-2.5e-3,"\\u00e9\\ud83d\\ude00",{"__proto__":{}}],"é":null}', '[]'],
    (text) => ({ value: parseStrictJson(text, jsonError), exact: parseStrictJsonExactly(text, jsonError) }),
    // What it accepts means what everybody reads in it.
    ({ value }, text) => require(isDeepStrictEqual(asPlain(value), asPlain(JSON.parse(text))), 'another value'),
    mutateJson,
  ),
];

/** Without the null prototypes, and with null for numbers that are out of range. */
function asPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
