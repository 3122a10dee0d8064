import { describe, test } from 'vitest';
import { type ConstraintTrees, constrained } from './test-support/constrained-chain.js';
import { ascii, oid, sequence, set, tlv } from './test-support/der-writer.js';
import { dnsName } from './test-support/test-issuer.js';
import { accept, refuse } from './test-support/x509-expect.js';

const email = (text: string) => tlv(0x81, ascii(text));
const only = (...texts: string[]): ConstraintTrees => ({ permitted: texts.map(email) });
const never = (...texts: string[]): ConstraintTrees => ({ excluded: texts.map(email) });
const subjectWith = (tag: number, text: string) => sequence(set(sequence(oid('1.2.840.113549.1.9.1'), tlv(tag, ascii(text)))));
const IA5 = 0x16;
const UTF8 = 0x0c;

const ACCEPTED = [
  ['a mailbox', only('a@td'), 'a@td'],
  ['a mailbox, host in another case', only('a@TD'), 'a@td'],
  ['every mailbox of a host', only('td'), 'a.b+c@Td'],
  ['hosts below', only('.td'), 'a@x.y.td'],
  ['one of several', only('x', 'td'), 'a@td'],
  ['another mailbox excluded', never('b@td'), 'a@td'],
  ['a mailbox of another case excluded', never('A@td'), 'a@td'],
  ['hosts below excluded', never('.td'), 'a@td'],
  ['the host excluded, not those below', never('td'), 'a@x.td'],
] as const satisfies [string, ConstraintTrees, string][];

const REFUSED = [
  ['another mailbox', only('a@td'), 'b@td', 'name_constraint_violated'],
  ['local part in another case', only('a@td'), 'A@td', 'name_constraint_violated'],
  ['another host', only('td'), 'a@x', 'name_constraint_violated'],
  ['a host below', only('td'), 'a@x.td', 'name_constraint_violated'],
  ['the host itself under a leading dot', only('.td'), 'a@td', 'name_constraint_violated'],
  ['a suffix without a label border', only('td'), 'a@xtd', 'name_constraint_violated'],
  ['a suffix without a label border below', only('.td'), 'a@xtd', 'name_constraint_violated'],
  ['an excluded mailbox', never('a@td'), 'a@TD', 'name_constraint_violated'],
  ['an excluded host', never('td'), 'a@td', 'name_constraint_violated'],
  ['a host below an excluded one', never('.td'), 'a@x.td', 'name_constraint_violated'],
  ['excluded though permitted', { ...only('td'), ...never('a@td') }, 'a@td', 'name_constraint_violated'],
  ['no host', only('td'), 'a', 'name_constraint_unprocessable'],
  ['no local part', only('td'), '@td', 'name_constraint_unprocessable'],
  ['two at-signs', only('td'), 'a@x@td', 'name_constraint_unprocessable'],
  ['a quoted local part', only('td'), '"a@x"@td', 'name_constraint_unprocessable'],
  ['a quoted local part that hides nothing', never('x'), '"a"@td', 'name_constraint_unprocessable'],
  ['an address literal', never('x'), 'a@[10.0.0.1]', 'name_constraint_unprocessable'],
  ['a display name', only('td'), 'A <a@td>', 'name_constraint_unprocessable'],
  ['a line feed', only('td'), 'a\n@td', 'name_constraint_unprocessable'],
  ['a line feed at the end', only('td'), 'a@td\n', 'name_constraint_unprocessable'],
  ['NUL', only('td'), 'a@td\0.x', 'name_constraint_unprocessable'],
  ['an empty name', only('td'), '', 'name_constraint_unprocessable'],
  ['an empty constraint', never(''), 'a@td', 'name_constraint_unprocessable'],
  ['a dot for a constraint', never('.'), 'a@td', 'name_constraint_unprocessable'],
  ['an at-sign for a constraint', never('@'), 'a@td', 'name_constraint_unprocessable'],
  ['a host with an at-sign for a constraint', never('@td'), 'a@td', 'name_constraint_unprocessable'],
  ['an odd constraint after a hit', only('td', '"b"@td'), 'a@td', 'name_constraint_unprocessable'],
] as const;

describe.each(['anchor', 'intermediate'] as const)('e-mail constraints of the %s (X-15)', (place) => {
  test.each(ACCEPTED)('accepts: %s', (_what, trees, name) => {
    for (const { chain, anchors } of [
      constrained(place, trees, undefined, [email(name)]),
      constrained(place, trees, undefined, [], subjectWith(IA5, name)),
      constrained(place, trees, undefined, [email(name), email(name)], subjectWith(IA5, name)),
    ]) {
      accept(chain, anchors);
    }
  });

  test.each(REFUSED)('refuses: %s', (_what, trees, name, code) => {
    for (const { chain, anchors } of [
      constrained(place, trees, undefined, [email(name)]),
      constrained(place, trees, undefined, [], subjectWith(IA5, name)),
    ]) {
      refuse(chain, anchors, code);
    }
  });
});

test('one bad name among good ones refuses; without a name of that form nothing does', () => {
  const none = constrained('anchor', only('x'));
  accept(none.chain, none.anchors);
  const mixed = constrained('anchor', only('td'), undefined, [email('a@td'), email('a@x')]);
  refuse(mixed.chain, mixed.anchors, 'name_constraint_violated');
  const beside = constrained('anchor', only('td'), undefined, [email('a@td')], subjectWith(IA5, 'a@x'));
  refuse(beside.chain, beside.anchors, 'name_constraint_violated');
});

test('an e-mail address in a subject, in another type than IA5String', () => {
  for (const tag of [UTF8, 0x13, 0x14, 0x1e, 0x03]) {
    const odd = constrained('anchor', only('td'), undefined, [], subjectWith(tag, 'a@td'));
    refuse(odd.chain, odd.anchors, 'name_constraint_unprocessable');
    const free = constrained('anchor', { excluded: [dnsName('x')] }, undefined, [], subjectWith(tag, 'a@td'));
    accept(free.chain, free.anchors);
  }
});

test('an internationalized mailbox in an otherName is a name under an e-mail constraint, other otherNames are not', () => {
  const otherName = (type: string) => tlv(0xa0, oid(type), tlv(0xa0, tlv(UTF8, Buffer.from('ä@td'))));
  const mailbox = constrained('anchor', only('td'), undefined, [otherName('1.3.6.1.5.5.7.8.9')]);
  refuse(mailbox.chain, mailbox.anchors, 'name_constraint_unprocessable');
  const other = constrained('anchor', only('td'), undefined, [otherName('1.3.6.1.5.5.7.8.7')]);
  accept(other.chain, other.anchors);
});
