import { RULE_OF_CODE, type SpiffeErrorCode } from './error-codes.js';

/**
 * The word that binds: MUST, SHOULD, MAY as the standard says; OURS where it is silent, only advises, or binds issuers and we hold
 * others to it; PUB for a duty of issuers and publishers.
 */
export type RuleLevel = 'MUST' | 'SHOULD' | 'MAY' | 'OURS' | 'PUB' | 'MUST+OURS' | 'SHOULD+OURS' | 'withdrawn';

/** Short names of the standards in {@link ROWS}. */
const STANDARDS: ReadonlyMap<string, string> = new Map([
  ['ID', 'SPIFFE-ID'],
  ['X5', 'X509-SVID'],
  ['JW', 'JWT-SVID'],
  ['BU', 'SPIFFE Trust Domain and Bundle'],
  ['FE', 'SPIFFE Federation'],
  ['WA', 'SPIFFE Workload API'],
  ['WI', 'WIT-SVID'],
]);

/** Rule, level, clauses, what holds. Rules keep their ID for ever; a dropped one stays, withdrawn. */
const ROWS = [
  // SPIFFE IDs
  ['ID-1', 'MUST+OURS', 'ID §2, ID §2.4', 'an ID begins with `spiffe://`, in lower case'],
  ['ID-2', 'MUST', 'ID §2, ID §2.1', 'the name of the trust domain is not empty'],
  ['ID-3', 'MUST', 'ID §2', 'no query and no fragment, not even an empty one'],
  ['ID-4', 'MUST', 'ID §2.1', 'no user info and no port, not even an empty one'],
  ['ID-5', 'MUST', 'ID §2.1', 'a trust domain is spelled with `a-z 0-9 . - _` only; upper case is refused, not folded'],
  ['ID-6', 'MUST', 'ID §2.1', 'a trust domain that looks like an address or a host name is a name like any other'],
  ['ID-7', 'MUST', 'ID §2.2', 'path segments are spelled with `a-z A-Z 0-9 . - _` only'],
  ['ID-8', 'MUST', 'ID §2.2', 'no segment is empty, `.` or `..`; no slash at the end'],
  ['ID-9', 'MUST+OURS', 'ID §2.3', 'an ID has at most 2048 bytes, a trust domain name at most 255'],
  ['ID-10', 'MUST', 'ID §2.4', 'IDs and trust domains are compared byte for byte'],
  ['ID-11', 'OURS', 'ID §2', 'no control character, white space or non-ASCII, and nothing is repaired'],
  ['ID-12', 'MUST', 'ID §3.3', 'an identity comes out of a verified SVID and of nothing else'],
  ['ID-13', 'MUST', 'ID §3', "an SVID counts only if an authority of its ID's own trust domain signed it"],
  ['ID-14', 'SHOULD', 'ID §4.1.2, BU §6.2', 'further claims mean something only beside the trust domain that asserted them'],
  ['ID-15', 'OURS', 'ID §2.1', 'a trust domain may have any legal name, `constructor` too'],
  // X509-SVIDs
  ['X-1', 'MUST', 'X5 §2, X5 §5.2', 'a leaf has exactly one URI among its names'],
  ['X-2', 'MUST', 'X5 §5.2', 'that URI is a SPIFFE ID'],
  ['X-3', 'MUST', 'X5 §3.1, X5 §5.2', "a leaf's ID has a path"],
  ['X-4', 'MUST', 'X5 §4.1, X5 §5.2', 'a leaf is no CA'],
  ['X-5', 'MUST', 'X5 §4.3, X5 §5.2', 'a leaf may sign neither certificates nor revocation lists'],
  ['X-6', 'OURS', 'X5 §4.3', 'a leaf has a key usage, and it is critical'],
  ['X-7', 'OURS', 'X5 §4.3', "a leaf's key usage includes digitalSignature"],
  ['X-8', 'OURS', 'X5 §4.4', 'an extended key usage, where there is one, allows the role, from the leaf up to the anchor'],
  ['X-9', 'MUST', 'X5 §3.1, RFC 5280 §4.1.2.6', 'with an empty subject, subjectAltName is critical'],
  ['X-10', 'MUST', 'X5 §3.1, X5 §3.2', 'a signing certificate is never a peer'],
  [
    'X-11',
    'MUST',
    'X5 §5.1, RFC 5280 §6.1.3',
    'names chain, signatures verify, both signature algorithms of a certificate agree',
  ],
  ['X-12', 'MUST+OURS', 'X5 §5.1', 'every certificate of a path, anchor included, is in its time; no skew'],
  ['X-13', 'MUST', 'X5 §3.2, X5 §4.1, X5 §4.3, RFC 5280 §6.1.4', 'an issuer is a version 3 CA that may sign certificates'],
  ['X-14', 'MUST', 'X5 §4.1, RFC 5280 §6.1.4', 'path lengths are kept; self-issued CAs do not count'],
  [
    'X-15',
    'MUST',
    'X5 §4.2, X5 §5.1, RFC 5280 §4.2.1.10',
    'name constraints bind every name below; what cannot be processed refuses',
  ],
  ['X-16', 'MUST', 'X5 §5.1, RFC 5280 §4.2', 'a critical extension that is not processed refuses, wherever it stands'],
  ['X-17', 'MUST', 'WA §4.6, BU §3, FE §4.2, FE §7.3', "anchors come from the bundle of the leaf's own trust domain only"],
  ['X-18', 'OURS', 'X5 §6.1, RFC 5280 §6.1.1', 'every CA certificate of that bundle is an anchor, and nothing else is'],
  ['X-19', 'OURS', 'X5 §3.2', "a CA's own SPIFFE ID, odd or missing, never fails a bundle"],
  ['X-20', 'PUB', 'X5 §6.1', 'a published entry: `use` x509-svid, no `kid`, one certificate in `x5c`'],
  ['X-21', 'MUST', 'X5 §6.2', 'an entry without `x5c` is ignored, the others count'],
  ['X-22', 'MUST', 'X5 §6.2', 'only the first value of `x5c` counts'],
  ['X-23', 'MUST', 'X5 §6.2, BU §4.1.3', 'a trust domain without an X.509 authority has no X509-SVIDs'],
  [
    'X-24',
    'OURS',
    'WA §4.5, WA §5.2.1',
    'our own SVID fits its key, its bundle and the clock (and its stated ID: `workload-api`)',
  ],
  ['X-25', 'OURS', 'X5 §5.2', "certificates are read from DER, strictly, never from somebody's text of them"],
  ['X-26', 'OURS', '', 'chains, names and path search are bounded: 10 certificates, 64 KiB, 32 names, a number of checks'],
  // JWT-SVIDs
  ['J-1', 'MUST', 'JW §1, JW §2, JW §5.1', 'JWS Compact: three parts, none empty'],
  ['J-2', 'MUST', 'JW §2.1, JW §4', '`alg` is one of RS, ES, PS with 256, 384, 512'],
  ['J-3', 'MUST+OURS', 'JW §2', 'no header member but `alg`, `kid`, `typ`'],
  ['J-4', 'MUST+OURS', 'JW §2.2', 'without `kid`, at most 8 keys that fit are tried'],
  ['J-5', 'MUST', 'JW §2.3', '`typ`, where there is one, is JWT or JOSE'],
  ['J-6', 'OURS', 'JW §2.2', '`kid`, where there is one, names one key, and no other is tried'],
  ['J-7', 'OURS', 'RFC 7517 §4.4, RFC 7518 §3', 'the key is one for the `alg`'],
  ['J-8', 'MUST+OURS', 'JW §3.1', '`sub` is a SPIFFE ID with a path'],
  ['J-9', 'MUST', 'JW §3.2, JW §4', '`aud` is a string or a non-empty list of strings'],
  ['J-10', 'MUST', 'JW §3.2', 'one value of `aud` is ours, letter by letter'],
  ['J-11', 'OURS', 'JW App. A', 'an audience is expected, always'],
  ['J-12', 'MUST', 'JW §3.3, JW §4, JW App. A', '`exp` is there and not past; the leeway is at most 60 s'],
  ['J-13', 'MUST', 'JW §4, RFC 7519 §4.1.5', '`nbf` is kept; `iat` limits nothing'],
  ['J-14', 'OURS', 'RFC 7519 §2', 'dates are finite numbers, not negative'],
  ['J-15', 'MUST', 'WA §6.3, BU §3', "the key comes from the JWT bundle of `sub`'s own trust domain"],
  ['J-16', 'MUST', 'WA §5.2.1, WA §5.2.2, WA §6.2.2', 'a bundle verifies its own kind of SVID only'],
  ['J-17', 'MUST', 'JW §6.2, BU §4.2.2', 'of a SPIFFE bundle document only keys with `use` jwt-svid count'],
  ['J-18', 'OURS', 'WA §6.2.2', 'in a Workload API JWT bundle a missing `use` means jwt-svid'],
  ['J-19', 'PUB', 'JW §6.1', 'a published key has `use` jwt-svid and a `kid`'],
  ['J-20', 'OURS', 'BU §4.1.3, JW §6.1', 'a weak, private, broken or nameless key is ignored, the others count'],
  ['J-21', 'OURS', 'WI §6.1', 'keys that share a `kid` are not usable'],
  ['J-22', 'SHOULD+OURS', 'JW §5.2, JW §5.3', 'a token travels as one `authorization: Bearer` value'],
  ['J-23', 'OURS', 'JW §7.3', 'a token travels over a confidential transport only'],
  ['J-24', 'withdrawn', 'JW §7.1', '`jti` is not tracked: one token serves many calls'],
  ['J-25', 'SHOULD', 'WA §6.3', 'the Workload API can be asked to validate, with the same verdict'],
  ['J-26', 'OURS', '', 'token, `aud` and nesting are bounded: 8 KiB, 32 values, 32 levels'],
  ['J-27', 'OURS', 'RFC 7515 §2', 'canonical base64url, UTF-8, JSON without duplicate members; one parse serves all'],
  ['J-28', 'SHOULD', 'JW §3.2, JW §7.2', 'a token that we ask for names one audience unless told otherwise'],
  // Bundles and bundle maps
  ['B-1', 'MUST', 'BU §4.1.3', '`keys` is there and a list'],
  ['B-2', 'MUST', 'BU §4.1.3', 'a bundle without a usable key trusts nothing'],
  ['B-3', 'MUST', 'BU §4.1.3, BU §4.2.1', 'an entry of unknown `kty` is ignored'],
  ['B-4', 'MUST', 'BU §4.2.2', 'an entry of a SPIFFE bundle document without a known `use` is ignored'],
  ['B-5', 'MUST', 'BU §4.2.2', '`use` is case-sensitive'],
  ['B-6', 'MUST', 'BU §4.1', 'unknown members do not matter'],
  ['B-7', 'MUST', 'BU §4.1.1', '`spiffe_sequence` is an integer, read with 64 bits'],
  ['B-8', 'PUB', 'BU §4.1.1', 'the sequence rises with every change'],
  ['B-9', 'MUST', 'BU §4.1.2', '`spiffe_refresh_hint` is an integer of seconds'],
  ['B-10', 'SHOULD', 'BU §6.1', 'without a hint, a bundle is refreshed every five minutes or so'],
  ['B-11', 'MUST', 'BU §3', "a bundle's trust domain is said beside it, not in it"],
  ['B-12', 'MUST', 'BU §5.1.1', 'a bundle map has `trust_domains`, which may be empty'],
  ['B-13', 'MUST', 'BU §5.1.1', "a bundle map's keys are trust domain names"],
  ['B-14', 'MUST', 'BU §5.1.1, BU §6.3', 'one trust domain has one bundle of a kind'],
  ['B-15', 'MUST', 'BU §5.1.1', 'hints inside a bundle map do not say how often the map is refreshed'],
  ['B-16', 'SHOULD', 'BU App. B.1', 'a bundle map is the whole state, taken at once'],
  ['B-17', 'OURS', 'BU §6.3', 'duplicate members refuse the document'],
  ['B-18', 'OURS', '', 'a document is bounded: 4 MiB, 32 levels'],
  // Of the Workload API, what the parsers here refuse
  ['W-14', 'SHOULD', 'WA §4.5', 'a mandatory field is not empty'],
  ['W-21', 'MUST', 'workloadapi.proto', 'certificates are DER back to back, leaf first; a key is unencrypted PKCS#8'],
] as const satisfies readonly (readonly [id: string, level: RuleLevel, clauses: string, text: string])[];

/** ID of a rule that this package knows. */
export type RuleId = (typeof ROWS)[number][0];

/** Rules that are broken under the code of another one, which is what the caller sees. */
const SEEN_AS: { readonly [Id in RuleId]?: readonly SpiffeErrorCode[] } = {
  'ID-6': ['trust_domain_without_bundle'],
  'ID-10': ['trust_domain_without_bundle'],
  'ID-11': ['id_path_character', 'trust_domain_character'],
  'ID-12': ['uri_san_missing'],
  'ID-13': ['issuer_untrusted', 'jwt_signature'],
  'ID-15': ['trust_domain_without_bundle', 'jwt_untrusted_domain'],
  'X-10': ['leaf_is_ca'],
  'X-17': ['issuer_untrusted'],
  'X-19': ['x509_bundle_entry_not_ca'],
  'X-21': ['bundle_without_authority'],
  'X-22': ['issuer_untrusted'],
  'X-24': ['certificate_expired', 'issuer_untrusted'],
  'J-16': ['jwt_key_unknown', 'trust_domain_without_bundle'],
  'J-17': ['jwt_key_unknown'],
  'J-18': ['jwt_key_unknown'],
  'J-20': ['jwt_key_unknown'],
  'B-2': ['jwt_key_unknown', 'jwt_no_matching_key', 'bundle_without_authority'],
  'B-3': ['jwt_key_unknown'],
  'B-4': ['jwt_key_unknown'],
  'B-5': ['jwt_key_unknown'],
  'B-6': ['jwks_malformed'],
  'B-11': ['bundle_of_other_trust_domain'],
  'B-15': ['bundle_refresh_hint'],
  'B-16': ['jwks_malformed', 'jwt_untrusted_domain'],
};

/** Rules that are not this package's to police: why, and whose tests show them. */
const ELSEWHERE: { readonly [Id in RuleId]?: string } = {
  'ID-14': 'what a policy reads; `guard` puts the trust domain beside the claims (`decision-input`)',
  'J-22': 'a header, which `guard` reads (`bearer-token.test.ts`)',
  'J-23': 'a property of the connection: `tls` (`connect-tls.test.ts`), `grpc-js` (`client.test.ts`)',
  'J-24': 'withdrawn',
  'J-25': 'a call of the Workload API, which `workload-api` does not make; served by `testing` (`workload-api-server.test.ts`)',
  'J-28': 'a request to the Workload API: `testing` (`workload-api-client.test.ts`)',
  'J-19': 'a duty of publishers',
  'X-20': 'a duty of publishers',
  'B-8': 'a duty of publishers',
  'B-10': 'when to fetch is for whoever fetches; nothing here keeps time',
};

/** One rule of the standards, or of our own. */
export interface Rule {
  readonly id: RuleId;
  readonly level: RuleLevel;
  /** Standard and section, `''` for a rule that is only ours. */
  readonly clauses: string;
  /** What holds, in one line. */
  readonly text: string;
  /** Codes by which a break of this rule is refused: those of `RULE_OF_CODE`, or else those of other rules. */
  readonly codes: readonly SpiffeErrorCode[];
  /** Set when this package does not police the rule: why, and who does. */
  readonly elsewhere: string | undefined;
}

/** Every rule, in order. */
export const RULES: readonly Rule[] = Object.freeze(
  ROWS.map(([id, level, clauses, text]) => {
    const codes = [...codesOf(id), ...(SEEN_AS[id] ?? [])];
    return Object.freeze({ id, level, clauses: spelledOut(clauses), text, codes, elsewhere: ELSEWHERE[id] });
  }),
);

function codesOf(id: string): readonly SpiffeErrorCode[] {
  const codes = Object.keys(RULE_OF_CODE) as SpiffeErrorCode[];
  return codes.filter((code) => RULE_OF_CODE[code] === id);
}

function spelledOut(clauses: string): string {
  return clauses.replace(/\b(\w\w) (?=§|App\.)/g, (all, short: string) => `${STANDARDS.get(short) ?? all.trim()} `);
}
