import { expect, test } from 'vitest';
import { parseCertificate } from './certificate.js';
import { type Issued, issueCa, issueLeaf, newKey } from './test-support/test-issuer.js';
import { accept, refuse } from './test-support/x509-expect.js';

const ID = 'spiffe://td/a';

test('the key of an intermediate is imported once for all proven chains that bring it', () => {
  const root = issueCa(undefined, 'root');
  const intermediate = issueCa(root, 'intermediate');
  const keyOf = () => parseCertificate(intermediate.der).publicKey;
  expect(keyOf()).not.toBe(keyOf());
  accept([issueLeaf(intermediate, ID), intermediate], [root]);
  expect(keyOf()).toBe(keyOf());
  // Another certificate for that key; what is remembered says nothing about who signed it.
  const stranger = issueCa(undefined, 'intermediate', { key: intermediate.key });
  refuse([issueLeaf(stranger, ID), stranger], [root], 'issuer_untrusted');
});

test('the key of a leaf is not remembered, nor that of an anchor: neither comes with other chains', () => {
  const root = issueCa(undefined, 'root');
  const intermediate = issueCa(root, 'intermediate');
  const leaf = issueLeaf(intermediate, ID);
  const keyOf = ({ der }: Issued) => parseCertificate(der).publicKey;
  const isRemembered = (one: Issued) => Object.is(keyOf(one), keyOf(one));
  accept([leaf, intermediate], [root]);
  expect([leaf, intermediate, root].map(isRemembered)).toEqual([false, true, false]);
});

test('a chain that proves nothing leaves no key behind, though its lower links verify', () => {
  const root = issueCa(undefined, 'root');
  const intermediate = issueCa(issueCa(undefined, 'root', { key: newKey() }), 'intermediate');
  const chain = [issueLeaf(intermediate, ID), intermediate];
  refuse(chain, [root], 'signature_invalid');
  expect(parseCertificate(intermediate.der).publicKey).not.toBe(parseCertificate(intermediate.der).publicKey);
});
