import 'reflect-metadata';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { X509Authority } from './x509-authority.js';

const NOW = Date.UTC(2026, 5, 1);
const ID = 'spiffe://prod.example/agent/a1';

function authority(intermediates = 0): X509Authority {
  return new X509Authority({ trustDomain: 'prod.example', generation: 1, intermediates, now: NOW });
}

// Two readers that share no code with the writer: Node (OpenSSL) and @peculiar/x509.
describe('leaf', () => {
  const material = authority().issue(ID, { ttlMs: 3_600_000, now: NOW + 1, dnsNames: ['a1.example'] });
  const [der] = material.certificates;
  const leaf = new x509.X509Certificate(new Uint8Array(der ?? []));

  test('carries exactly one URI SAN, not critical under a subject', () => {
    const san = leaf.getExtension(x509.SubjectAlternativeNameExtension);
    expect(san?.names.toJSON()).toEqual([
      { type: 'url', value: ID },
      { type: 'dns', value: 'a1.example' },
    ]);
    expect(san?.critical).toBe(false);
    expect(leaf.subject).toContain('workload');
  });

  test('has the key usages of X509-SVID §4.3 and §4.4, critical where the standard says so', () => {
    const usage = leaf.getExtension(x509.KeyUsagesExtension);
    expect(usage?.usages).toBe(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyAgreement);
    expect(usage?.critical).toBe(true);
    expect(leaf.getExtension(x509.ExtendedKeyUsageExtension)?.usages).toEqual([
      x509.ExtendedKeyUsage.serverAuth,
      x509.ExtendedKeyUsage.clientAuth,
    ]);
    expect(leaf.getExtension(x509.BasicConstraintsExtension)?.ca).toBe(false);
  });

  test('is valid from a little before now, for the lifetime asked for, in whole seconds', () => {
    expect(leaf.notBefore.getTime()).toBe(NOW - 60_000);
    expect(leaf.notAfter.getTime()).toBe(NOW + 3_600_000);
    expect(material.expiresAt).toBe(NOW + 3_600_000);
  });

  test('holds the public half of its key, and the root signed it', () => {
    const parsed = new X509Certificate(Buffer.from(der ?? []));
    const root = new X509Certificate(Buffer.from(material.bundle));
    expect(parsed.verify(root.publicKey)).toBe(true);
    expect(parsed.checkIssued(root)).toBe(true);
    const privateKey = { key: Buffer.from(material.privateKey), format: 'der', type: 'pkcs8' } as const;
    expect(createPublicKey(createPrivateKey(privateKey)).equals(parsed.publicKey)).toBe(true);
  });

  test('an empty subject makes the SAN critical', () => {
    const material = authority().issue(ID, { ttlMs: 1000, now: NOW, emptySubject: true });
    const empty = new x509.X509Certificate(new Uint8Array(material.certificates[0] ?? []));
    expect(empty.subject).toBe('');
    expect(empty.getExtension(x509.SubjectAlternativeNameExtension)?.critical).toBe(true);
  });

  test('one that is already expired still had a period of validity', () => {
    const material = authority().issue(ID, { ttlMs: 1000, now: NOW, expiresAt: NOW - 3_600_000 });
    const expired = new x509.X509Certificate(new Uint8Array(material.certificates[0] ?? []));
    expect(expired.notAfter.getTime()).toBe(NOW - 3_600_000);
    expect(expired.notBefore.getTime()).toBeLessThan(expired.notAfter.getTime());
  });
});

describe('authorities', () => {
  test('the root is a CA whose SPIFFE ID has no path', () => {
    const root = new x509.X509Certificate(new Uint8Array(authority().root));
    const constraints = root.getExtension(x509.BasicConstraintsExtension);
    expect(constraints).toMatchObject({ ca: true, critical: true, pathLength: undefined });
    const usage = root.getExtension(x509.KeyUsagesExtension);
    expect(usage?.usages).toBe(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign);
    expect(usage?.critical).toBe(true);
    const san = root.getExtension(x509.SubjectAlternativeNameExtension);
    expect(san?.names.toJSON()).toEqual([{ type: 'url', value: 'spiffe://prod.example' }]);
    expect(new X509Certificate(Buffer.from(authority().root)).ca).toBe(true);
  });

  test('intermediates come with the leaf, lowest first, each signed by the next, the root by itself', () => {
    const { certificates, bundle, chain } = authority(2).issue(ID, { ttlMs: 1000, now: NOW });
    expect(certificates).toHaveLength(3);
    expect(chain).toEqual(Buffer.concat(certificates));
    const path = [...certificates, bundle].map((der) => new X509Certificate(Buffer.from(der)));
    for (const [index, certificate] of path.entries()) {
      const issuer = path[index + 1] ?? certificate;
      expect(certificate.checkIssued(issuer)).toBe(true);
      expect(certificate.verify(issuer.publicKey)).toBe(true);
    }
    const lengths = certificates
      .slice(1)
      .map((der) => new x509.X509Certificate(new Uint8Array(der)).getExtension(x509.BasicConstraintsExtension)?.pathLength);
    expect(lengths).toEqual([0, 1]);
  });

  test('serial numbers are positive and differ', () => {
    const issuer = authority();
    const serials = Array.from({ length: 20 }, () => {
      const { certificates } = issuer.issue(ID, { ttlMs: 1000, now: NOW });
      return new x509.X509Certificate(new Uint8Array(certificates[0] ?? [])).serialNumber;
    });
    expect(new Set(serials).size).toBe(20);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
  });
});
