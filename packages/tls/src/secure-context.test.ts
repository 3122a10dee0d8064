import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { parseX509Svid } from '@dirgate/spiffe';
import { createIdentityAuthority } from '@dirgate/testing';
import { expect, test } from 'vitest';
import { secureContextOptions, type TlsVersion } from './secure-context.js';

async function svidWith(intermediates: number) {
  const authority = await createIdentityAuthority({ trustDomains: [{ name: 'home.example', intermediates }] });
  return parseX509Svid(authority.trustDomain('home.example').issueX509Svid('spiffe://home.example/a'));
}

test('every context is complete: no tickets, no renegotiation, a lowest version, and no authorities of its own', async () => {
  for (const svid of [undefined, await svidWith(0)]) {
    const secureOptions = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION;
    expect(secureContextOptions(svid)).toMatchObject({ minVersion: 'TLSv1.3', secureOptions });
    expect(secureContextOptions(svid, 'TLSv1.2')).toMatchObject({ minVersion: 'TLSv1.2', secureOptions });
    expect(secureContextOptions(svid)).not.toHaveProperty('ca');
  }
  expect(secureContextOptions(undefined)).not.toHaveProperty('cert');
  expect(secureContextOptions(undefined)).not.toHaveProperty('key');
});

test.each(['TLSv1.1', 'TLSv1', 'tlsv1.3', '', 'constructor'])('the version "%s" is refused', (version) => {
  expect(() => secureContextOptions(undefined, version as TlsVersion)).toThrow(RangeError);
});

test.each([0, 1, 2])('one PEM block per certificate, leaf first: %i intermediates', async (intermediates) => {
  const svid = await svidWith(intermediates);
  const { cert, key } = secureContextOptions(svid);
  const blocks: readonly string[] = String(cert).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
  expect(blocks.join('')).toBe(cert);
  const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
  expect(blocks.map((block) => base64(new X509Certificate(block).raw))).toEqual(svid.chain.map(base64));
  expect(blocks).toHaveLength(intermediates + 1);
  for (const line of String(cert).split('\n')) expect(line.length).toBeLessThanOrEqual(64);
  expect(String(key)).toContain('BEGIN PRIVATE KEY');
  createSecureContext(secureContextOptions(svid));
});
