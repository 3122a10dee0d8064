import { describe, expect, test } from 'vitest';
import { comparableDistinguishedName } from './distinguished-name.js';
import { ascii, oid, sequence, set, tlv } from './test-support/der-writer.js';
import { type Issued, issueCa, issueLeaf, nameConstraints, OIDS, san, uriName } from './test-support/test-issuer.js';
import { accept, refuse } from './test-support/x509-expect.js';

const ID = 'spiffe://td/a';
const [UTF8, PRINTABLE, IA5, TELETEX, BMP, BIT_STRING] = [0x0c, 0x13, 0x16, 0x14, 0x1e, 0x03];
const TYPE = { CN: '2.5.4.3', C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', DC: '0.9.2342.19200300.100.1.25', UID: '2.5.4.45' };

type Attribute = readonly [type: keyof typeof TYPE, text: string | Uint8Array, tag?: number];
const attribute = ([type, text, tag = UTF8]: Attribute) =>
  sequence(oid(TYPE[type]), tlv(tag, typeof text === 'string' ? Buffer.from(text) : text));
/** One RDN per argument; a list of attributes makes an RDN of several. */
const name = (...rdns: readonly (Attribute | readonly Attribute[])[]) =>
  sequence(...rdns.map((rdn) => set(...(isOne(rdn) ? [rdn] : rdn).map(attribute))));
const isOne = (rdn: Attribute | readonly Attribute[]): rdn is Attribute => typeof rdn[0] === 'string';
const directory = (bytes: Uint8Array) => tlv(0xa4, bytes);

/** What SPIRE gives its leaves: C, O, and a unique identifier, as PrintableString. */
const SPIRE = name(['C', 'US', PRINTABLE], ['O', 'SPIRE', PRINTABLE], ['UID', '0123456789abcdef0123456789abcdef', PRINTABLE]);

/** Chains whose leaf is called `subject`, or has that name in its SAN, below a CA with these constraints. */
function chains(trees: Parameters<typeof nameConstraints>[0], subject: Uint8Array): [readonly Issued[], readonly Issued[]][] {
  const extensions = { [OIDS.nameConstraints]: nameConstraints(trees) };
  const anchor = issueCa(undefined, 'root', { extensions });
  const root = issueCa(undefined, 'root');
  const ca = issueCa(root, 'ca', { extensions });
  const named = { subject, extensions: { [OIDS.san]: san([uriName(ID)], true) } };
  const inSan = { subject: '', extensions: { [OIDS.san]: san([uriName(ID), directory(subject)], true) } };
  return [named, inSan].flatMap((spec): [readonly Issued[], readonly Issued[]][] => [
    [[issueLeaf(anchor, ID, spec)], [anchor]],
    [[issueLeaf(ca, ID, spec), ca], [root]],
  ]);
}

const only = (...names: Uint8Array[]) => ({ permitted: names.map(directory) });
const never = (...names: Uint8Array[]) => ({ excluded: names.map(directory) });

describe('directory name constraints (X-15)', () => {
  test.each([
    ["SPIRE's default leaf", only(name(['C', 'US'], ['O', 'SPIRE'])), SPIRE],
    ['the name itself', only(SPIRE), SPIRE],
    ['the empty name, which holds all', only(sequence()), SPIRE],
    ['one of several', only(name(['O', 'x']), name(['C', 'US'])), SPIRE],
    ['another case', only(name(['C', 'us'], ['O', 'Spire'])), SPIRE],
    ['another string type', only(name(['C', 'US', IA5], ['O', 'SPIRE', UTF8])), SPIRE],
    ['needless space', only(name(['C', ' US '], ['O', 'a  b'])), name(['C', 'US'], ['O', 'A B '])],
    ['letters beyond ASCII', only(name(['O', 'Müller'])), name(['O', 'MÜLLER'])],
    ['letters composed and not', only(name(['O', 'M\u00fcller'])), name(['O', 'Mu\u0308ller'])],
    [
      'attributes of one RDN in any order',
      only(
        name([
          ['C', 'US'],
          ['O', 'x'],
        ]),
      ),
      name(
        [
          ['O', 'X'],
          ['C', 'US'],
        ],
        ['CN', 'a'],
      ),
    ],
    ['a bit string, equal', only(name(['UID', Buffer.from([0, 1]), BIT_STRING])), name(['UID', Buffer.from([0, 1]), BIT_STRING])],
    ['domain components', only(name(['DC', 'org', IA5])), name(['DC', 'ORG', IA5], ['DC', 'td', IA5])],
    ['another name excluded', never(name(['C', 'US'], ['O', 'x'])), SPIRE],
    ['a longer name excluded', never(name(['C', 'US'], ['O', 'SPIRE'], ['CN', 'a'])), SPIRE],
    ['excluded, in another order', never(name(['O', 'SPIRE'], ['C', 'US'])), SPIRE],
  ] as const)('accepts: %s', (_what, trees, subject) => {
    for (const [chain, anchors] of chains(trees, subject)) accept(chain, anchors);
  });

  test.each([
    ['another name', only(name(['O', 'x'])), SPIRE, 'name_constraint_violated'],
    ['a shorter name than is permitted', only(SPIRE), name(['C', 'US'], ['O', 'SPIRE']), 'name_constraint_violated'],
    ['the right RDN in another place', only(name(['O', 'SPIRE'])), SPIRE, 'name_constraint_violated'],
    ['the beginning of a value', only(name(['C', 'US'], ['O', 'SPI'])), SPIRE, 'name_constraint_violated'],
    ['another attribute type', only(name(['C', 'US'], ['OU', 'SPIRE'])), SPIRE, 'name_constraint_violated'],
    [
      'one attribute of an RDN of two',
      only(name(['C', 'US'])),
      name([
        ['C', 'US'],
        ['O', 'x'],
      ]),
      'name_constraint_violated',
    ],
    [
      'two RDNs against one of two',
      only(name(['C', 'US'], ['O', 'x'])),
      name([
        ['C', 'US'],
        ['O', 'x'],
      ]),
      'name_constraint_violated',
    ],
    [
      'text that looks like two attributes',
      only(name(['O', 'a'])),
      name(['O', 'a"],["2.5.4.10","b']),
      'name_constraint_violated',
    ],
    [
      'another bit string',
      only(name(['UID', Buffer.from([0, 1]), BIT_STRING])),
      name(['UID', Buffer.from([0, 2]), BIT_STRING]),
      'name_constraint_violated',
    ],
    ['excluded', never(name(['C', 'US'])), SPIRE, 'name_constraint_violated'],
    [
      'excluded, in another case and string type',
      never(name(['C', 'us', UTF8], ['O', 'Spire'])),
      SPIRE,
      'name_constraint_violated',
    ],
    ['excluded, by compatibility forms', never(name(['O', 'evil'])), name(['O', 'ｅｖｉｌ']), 'name_constraint_violated'],
    ['excluded, by sharp s', never(name(['O', 'STRASSE'])), name(['O', 'straße']), 'name_constraint_violated'],
    ['excluded, by capital sharp s', never(name(['O', 'strasse'])), name(['O', 'STRAẞE']), 'name_constraint_violated'],
    ['excluded, by other spaces', never(name(['O', 'a b'])), name(['O', 'a\u00a0\u3000b']), 'name_constraint_violated'],
    ['everything excluded', never(sequence()), SPIRE, 'name_constraint_violated'],
    ['excluded though permitted', { ...only(name(['C', 'US'])), ...never(SPIRE) }, SPIRE, 'name_constraint_violated'],
    ['Teletex in the name', never(name(['O', 'x'])), name(['O', 'evil', TELETEX]), 'name_constraint_unprocessable'],
    [
      'BMP in the name',
      never(name(['O', 'x'])),
      name(['O', Buffer.from('\0e\0v', 'latin1'), BMP]),
      'name_constraint_unprocessable',
    ],
    ['Teletex in the constraint', never(name(['O', 'evil', TELETEX])), SPIRE, 'name_constraint_unprocessable'],
    [
      'Latin-1 that claims to be printable',
      never(name(['O', 'x'])),
      name(['O', Buffer.from([0xe9]), PRINTABLE]),
      'name_constraint_unprocessable',
    ],
    ['broken UTF-8', never(name(['O', 'x'])), name(['O', Buffer.from([0xc3])]), 'name_constraint_unprocessable'],
    ['a soft hyphen', never(name(['O', 'evil'])), name(['O', 'ev\u00adil']), 'name_constraint_unprocessable'],
    ['a zero width space', never(name(['O', 'evil'])), name(['O', 'ev\u200bil']), 'name_constraint_unprocessable'],
    ['a byte order mark', never(name(['O', 'evil'])), name(['O', '\ufeffevil']), 'name_constraint_unprocessable'],
    ['a variation selector', never(name(['O', 'evil'])), name(['O', 'e\ufe00vil']), 'name_constraint_unprocessable'],
    ['a line feed', never(name(['O', 'evil'])), name(['O', 'evil\n']), 'name_constraint_unprocessable'],
    ['NUL', never(name(['O', 'evil'])), name(['O', 'evil\0']), 'name_constraint_unprocessable'],
    ['a dotless i', never(name(['O', 'evil'])), name(['O', 'evıl']), 'name_constraint_unprocessable'],
    ['text beyond 1024 bytes', never(name(['O', 'x'])), name(['O', 'y'.repeat(1025)]), 'name_constraint_unprocessable'],
  ] as const)('refuses: %s', (_what, trees, subject, code) => {
    for (const [chain, anchors] of chains(trees, subject)) refuse(chain, anchors, code);
  });

  test('an empty subject is no name; text of 1024 bytes is read', () => {
    const anchor = issueCa(undefined, 'root', { extensions: { n: nameConstraints(only(name(['O', 'x']))) } });
    const unnamed = { subject: '', extensions: { [OIDS.san]: san([uriName(ID)], true) } };
    accept([issueLeaf(anchor, ID, unnamed)], [anchor]);
    refuse([issueLeaf(anchor, ID)], [anchor], 'name_constraint_violated');
    for (const [chain, anchors] of chains(never(name(['O', 'x'])), name(['O', 'y'.repeat(1024)]))) accept(chain, anchors);
  });

  test('the subject of an intermediate is a name too, unless it is self-issued', () => {
    const anchor = issueCa(undefined, 'root', { extensions: { n: nameConstraints(only(name(['C', 'US']))) } });
    const leaf = { subject: SPIRE };
    const inside = issueCa(anchor, 'ca', { subject: name(['C', 'US'], ['CN', 'ca']) });
    accept([issueLeaf(inside, ID, leaf), inside], [anchor]);
    const outside = issueCa(anchor, 'ca');
    refuse([issueLeaf(outside, ID, leaf), outside], [anchor], 'name_constraint_violated');
    const rolled = issueCa(anchor, 'root');
    accept([issueLeaf(rolled, ID, leaf), rolled], [anchor]);
    refuse([issueLeaf(rolled, ID), rolled], [anchor], 'name_constraint_violated');
  });

  test('a directory name that is no Name', () => {
    const anchor = issueCa(undefined, 'root', { extensions: { n: nameConstraints(never(name(['O', 'x']))) } });
    for (const odd of [Buffer.alloc(0), tlv(UTF8, ascii('x')), sequence(set()), Buffer.concat([SPIRE, SPIRE])]) {
      const names = san([uriName(ID), directory(odd)], true);
      refuse([issueLeaf(anchor, ID, { extensions: { [OIDS.san]: names } })], [anchor], 'der_malformed');
      const ca = issueCa(anchor, 'ca', { extensions: { n: nameConstraints(never(odd)) } });
      refuse([issueLeaf(ca, ID), ca], [anchor], 'der_malformed');
    }
  });
});

test('two Names are comparable as text exactly when they are the same to RFC 5280 §7.1', () => {
  const texts = ['a', 'A', ' a', 'b', 'a b', 'a  B', 'ß', 'SS', '"', '\\', ',', '],["'];
  for (const left of texts) {
    for (const right of texts) {
      const same = new Intl.Collator('en', { sensitivity: 'accent' }).compare(canon(left), canon(right)) === 0;
      expect(comparableDistinguishedName(name(['O', left])) === comparableDistinguishedName(name(['O', right]))).toBe(same);
    }
  }
  function canon(text: string): string {
    return text.trim().replace(/ +/g, ' ').replace('ß', 'ss');
  }
});
