import { parseTrustDomain } from '@dirgate/spiffe';
import { describe, expect, test } from 'vitest';
import { A, authority, connect, ID, logger, serialsOf, served, serveWorkload } from './test-support/served-client.js';

serveWorkload();

const COUNT = 10_000;

function federation(changes: Readonly<Record<string, Uint8Array>> = {}): Record<string, Uint8Array> {
  const bundle = authority.trustDomain('b.example').x509BundleDer();
  const all = Object.fromEntries(Array.from({ length: COUNT }, (_, i) => [`spiffe://td${i}.example`, bundle]));
  return { ...all, ...changes };
}

describe('ten thousand federated trust domains', () => {
  test('are there at once and read when they are met; a change of one leaves the others alone', { timeout: 60_000 }, async () => {
    const content = { bundles: federation() };
    served.inject({ x509Svids: (message) => ({ ...message, federatedBundles: content.bundles }) });
    const api = await connect();
    const [first, second] = ['td0.example', 'td9999.example'].map((name) => parseTrustDomain(name));
    if (!first || !second) throw new Error('two trust domains');
    const before = {
      first: api.x509Bundle(first),
      second: api.x509Bundle(second),
      own: api.x509Bundle(A),
      serial: serialsOf(api),
    };
    expect([before.first?.authorities.length, before.second?.authorities.length]).toEqual([1, 1]);
    let told = 0;
    api.onChange(() => told++);
    content.bundles = federation({ 'spiffe://td9999.example': authority.trustDomain('c.example').x509BundleDer() });
    served.inject({ x509Svids: (message) => ({ ...message, federatedBundles: content.bundles }) });
    await api.waitFor(() => api.x509Bundle(second) !== before.second);
    expect(told).toBe(1);
    expect(api.x509Bundle(first)).toBe(before.first);
    expect(api.x509Bundle(A)).toBe(before.own);
    expect(api.x509Svid()?.id.toString()).toBe(ID);
    // One that nobody ever meets is reported all the same, and its fault is nobody else's (TW-7).
    content.bundles = federation({ 'spiffe://td5000.example': Buffer.from('garbage') });
    await served.rotate();
    await logger.reported('the bundle of spiffe://td5000.example cannot be read');
    expect(serialsOf(api)).not.toBe(before.serial);
    expect(api.x509Bundle(parseTrustDomain('td5000.example'))).toBeUndefined();
    expect(api.x509Bundle(parseTrustDomain('td5001.example'))).toBeDefined();
  });
});
