import { describe, test } from 'vitest';
import { email } from './test-support/bad-certificates.js';
import { constrained, type ConstraintTrees as Trees } from './test-support/constrained-chain.js';
import { ascii, oid, sequence, smallInteger, tlv } from './test-support/der-writer.js';
import {
  dnsName,
  extension,
  type Issued,
  ipName,
  issueCa,
  issueLeaf,
  nameConstraints,
  OIDS,
  san,
  uriName,
} from './test-support/test-issuer.js';
import { accept, refuse } from './test-support/x509-expect.js';

const uri = (text: string): Trees => ({ permitted: [uriName(text)] });
const noUri = (text: string): Trees => ({ excluded: [uriName(text)] });
describe.each(['anchor', 'intermediate'] as const)('URI constraints of the %s', (place) => {
  test.each([
    ['permitted', uri('td')],
    ['permitted, another case', uri('TD')],
    ['one of several permitted', { permitted: [uriName('x'), uriName('td')] }],
    ['another name excluded', noUri('x')],
    ['its sub-names excluded', noUri('.td')],
    ['only other forms constrained', { permitted: [dnsName('x')] }],
    ['only e-mail addresses constrained', { permitted: [email('x')] }],
  ] satisfies [string, Trees][])('accepts: %s', (_what, trees) => {
    const { chain, anchors } = constrained(place, trees);
    accept(chain, anchors);
  });

  test.each([
    ['not permitted', uri('other'), 'name_constraint_violated'],
    ['only sub-names permitted', uri('.td'), 'name_constraint_violated'],
    ['excluded', noUri('td'), 'name_constraint_violated'],
    ['excluded though permitted', { ...uri('td'), ...noUri('td') }, 'name_constraint_violated'],
    ['a suffix without a label border', uri('d'), 'name_constraint_violated'],
    ['a whole SPIFFE ID for a constraint', uri('spiffe://td'), 'name_constraint_unprocessable'],
    ['an unprocessable one after a hit', { permitted: [uriName('td'), uriName('a b')] }, 'name_constraint_unprocessable'],
    ['an empty one', uri(''), 'name_constraint_unprocessable'],
    ['a dot alone', noUri('.'), 'name_constraint_unprocessable'],
  ] as const)('refuses: %s', (_what, trees, code) => {
    const { chain, anchors } = constrained(place, trees);
    refuse(chain, anchors, code);
  });
});

describe('URI: sub-names, and hosts that are no names (TX-10)', () => {
  // The name stands in a CA below the anchor, so that it need not be a SPIFFE ID; `td` is permitted for the leaf's sake.
  function below(name: string, constraints: Trees | undefined): [Issued[], Issued[]] {
    const extensions = constraints === undefined ? {} : { [OIDS.nameConstraints]: nameConstraints(constraints) };
    const anchor = issueCa(undefined, 'root', { extensions });
    const ca = issueCa(anchor, 'ca', { extensions: { [OIDS.san]: san([uriName(name)]) } });
    return [[issueLeaf(ca, 'spiffe://td/a'), ca], [anchor]];
  }
  const subNames: Trees = { permitted: [uriName('td'), uriName('.td')] };

  test.each(['https://x.td/', 'https://y.x.td:8443/p', 'https://u@x.td', 'https://X.TD?q', 'spiffe://td'])(
    'accepts %s',
    (name) => {
      accept(...below(name, subNames));
    },
  );

  test.each([
    'https://xtd/',
    'https://td@evil/',
    'https://evil?@td',
    'https://evil#.td',
    'https://10.0.0.1/',
    'https://127.1/',
    'https://0x7f.0x1/',
    'https://[::1]/',
    'https://t%64/',
    'https://td./',
    'https://.td/',
    'urn:td',
    'urn:x://td',
    '1x://td',
    'https://x:80.td/',
    'https://td:80x/',
    'https:///td',
    'td',
  ])('refuses %s, which is fine without constraints', (name) => {
    accept(...below(name, undefined));
    refuse(...below(name, subNames), 'name_constraint_violated');
  });

  test('an IP-shaped host is refused under any URI constraint, also one that only excludes', () => {
    accept(...below('https://host/', { excluded: [uriName('x')] }));
    refuse(...below('https://10.0.0.1/', { excluded: [uriName('x')] }), 'name_constraint_violated');
  });

  // What a URL parser takes for an IPv4 address, in whatever notation, is none: nobody can say which name it is.
  const everyConstraint = (host: string): readonly Trees[] => [
    { permitted: [uriName('td'), uriName(host)] },
    { excluded: [uriName('x')] },
  ];

  test.each(['12', '0x', '0x1f', '0xff0000', '10.0.0.12', '10.0.0.0x1f', '1.2.3.04', 'host.12', 'host.0x', 'host.0x1f', 'a.b.1'])(
    'refuses the host %s, which ends in a number, though a constraint permits it',
    (host) => {
      accept(...below(`https://${host}/`, undefined));
      for (const trees of everyConstraint(host)) refuse(...below(`https://${host}/`, trees), 'name_constraint_violated');
    },
  );

  test.each(['host12', 'a1.b2c', '12a', '1.2.3.4a', '12.host', '0x1f.host', '0x1g', 'a.0xy', 'x0x1', '1-2', '1_2'])(
    'accepts the host %s, which does not',
    (host) => {
      for (const trees of everyConstraint(host)) accept(...below(`https://${host}/`, trees));
    },
  );
});

test('a lower CA can only narrow', () => {
  const anchor = issueCa(undefined, 'root', { extensions: { n: nameConstraints(uri('other')) } });
  const widening = issueCa(anchor, 'ca', {
    extensions: { n: nameConstraints({ permitted: [uriName('other'), uriName('td')] }) },
  });
  refuse([issueLeaf(widening, 'spiffe://td/a'), widening], [anchor], 'name_constraint_violated');
});

test('constraints hold below self-issued CAs, whose own names are exempt', () => {
  const anchor = issueCa(undefined, 'root', { extensions: { n: nameConstraints(uri('td')) } });
  const names = { [OIDS.san]: san([uriName('https://elsewhere/')]) };
  const rolled = issueCa(anchor, 'root', { extensions: names });
  accept([issueLeaf(rolled, 'spiffe://td/a'), rolled], [anchor]);
  const other = issueCa(anchor, 'ca', { extensions: names });
  refuse([issueLeaf(other, 'spiffe://td/a'), other], [anchor], 'name_constraint_violated');
  const strict = issueCa(undefined, 'root', { extensions: { n: nameConstraints(uri('x')) } });
  const rolledStrict = issueCa(strict, 'root');
  refuse([issueLeaf(rolledStrict, 'spiffe://td/a'), rolledStrict], [strict], 'name_constraint_violated');
});

describe('DNS and IP', () => {
  const dns = (text: string): Trees => ({ permitted: [dnsName(text)] });
  const net = (...octets: number[]): Trees => ({ permitted: [ipName(...octets)] });
  test.each([
    [dns('example.org'), dnsName('example.org')],
    [dns('example.org'), dnsName('A.Example.ORG')],
    [{ excluded: [dnsName('b.example.org')] }, dnsName('a.example.org')],
    [net(10, 0, 0, 0, 255, 0, 0, 0), ipName(10, 9, 8, 7)],
    [{ excluded: [ipName(10, 0, 0, 0, 255, 0, 0, 0)] }, ipName(11, 9, 8, 7)],
  ] satisfies [Trees, Uint8Array][])('accepts %#', (trees, name) => {
    const { chain, anchors } = constrained('anchor', trees, undefined, [name]);
    accept(chain, anchors);
  });

  test.each([
    [dns('example.org'), dnsName('badexample.org'), 'name_constraint_violated'],
    [{ excluded: [dnsName('example.org')] }, dnsName('a.example.org'), 'name_constraint_violated'],
    [dns('example.org'), dnsName('*.example.org'), 'name_constraint_unprocessable'],
    [dns('.example.org'), dnsName('a.example.org'), 'name_constraint_unprocessable'],
    [dns('example.org'), dnsName('a.example.org.'), 'name_constraint_unprocessable'],
    [net(10, 0, 0, 0, 255, 0, 0, 0), ipName(11, 0, 0, 1), 'name_constraint_violated'],
    [net(10, 0, 0, 0, 255, 0, 0, 0), ipName(...new Array(16).fill(10)), 'name_constraint_violated'],
    [{ excluded: [ipName(10, 0, 0, 0, 255, 0, 0, 0)] }, ipName(10, 0, 0, 1), 'name_constraint_violated'],
    [net(10, 0, 0, 0, 255, 0, 255, 0), ipName(10, 0, 0, 1), 'name_constraint_unprocessable'],
    [net(10, 0, 0, 0), ipName(10, 0, 0, 1), 'name_constraint_unprocessable'],
    [net(10, 0, 0, 0, 255, 0, 0, 0), ipName(10, 0, 1), 'name_constraint_unprocessable'],
  ] as const)('refuses %#', (trees, name, code) => {
    const { chain, anchors } = constrained('anchor', trees, undefined, [name]);
    refuse(chain, anchors, code);
  });
});

test('forms that are not processed refuse every name of that form', () => {
  for (const name of [tlv(0xa0, oid('1.2.3'), tlv(0xa0, tlv(0x0c, ascii('x')))), tlv(0x88, Buffer.from([0x2a, 3]))]) {
    const free = constrained('anchor', { excluded: [name] });
    accept(free.chain, free.anchors);
    const { chain, anchors } = constrained('anchor', { excluded: [name] }, undefined, [name]);
    refuse(chain, anchors, 'name_constraint_unprocessable');
  }
});

describe('shape', () => {
  const raw = (...content: readonly Uint8Array[]) => extension(OIDS.nameConstraints, true, sequence(...content));
  test.each([
    ['no constraint', raw(), 'certificate_malformed'],
    ['an empty list', raw(tlv(0xa0), tlv(0xa1, sequence(uriName('x')))), 'certificate_malformed'],
    ['a maximum', raw(tlv(0xa0, sequence(uriName('td'), tlv(0x81, Buffer.from([1]))))), 'der_malformed'],
    ['a minimum', raw(tlv(0xa0, sequence(uriName('td'), tlv(0x80, Buffer.from([1]))))), 'der_malformed'],
    ['something else', raw(smallInteger(1)), 'der_malformed'],
    ['too many', nameConstraints({ excluded: Array.from({ length: 257 }, () => uriName('x')) }), 'name_constraint_unprocessable'],
  ] as const)('%s is refused', (_what, constraint, code) => {
    const anchor = issueCa(undefined, 'root');
    const ca = issueCa(anchor, 'ca', { extensions: { [OIDS.nameConstraints]: constraint } });
    refuse([issueLeaf(ca, 'spiffe://td/a'), ca], [anchor], code);
  });
});
