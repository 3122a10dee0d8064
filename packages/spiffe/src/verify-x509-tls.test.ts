import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import {
  basicConstraints,
  HOUR_MS,
  type Issued,
  issueCa,
  issueLeaf,
  nameConstraints,
  OIDS,
  uriName,
} from './test-support/test-issuer.js';
import { accept } from './test-support/x509-expect.js';

const pem = (der: Buffer) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;

/** Whether OpenSSL, at the real time, accepts `chain` from a client with these roots. */
async function nodeAccepts(chain: readonly Issued[], roots: readonly Issued[]): Promise<boolean> {
  const [leaf] = chain;
  if (leaf === undefined) throw new Error('a chain needs a leaf');
  const credentials = {
    key: leaf.key.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    cert: chain.map((one) => pem(one.der)).join(''),
    ca: roots.map((one) => pem(one.der)),
  };
  const server = tls.createServer({ ...credentials, requestCert: true, rejectUnauthorized: false });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'secureConnection');
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ ...credentials, port, host: '127.0.0.1', checkServerIdentity: () => undefined });
  try {
    const [[socket]] = await Promise.all([accepted, once(client, 'secureConnect')]);
    return (socket as tls.TLSSocket).authorized && client.authorized;
  } finally {
    client.destroy();
    server.close();
  }
}

const now = Date.now();
const valid = { notBefore: now - HOUR_MS, notAfter: now + HOUR_MS };
const root = issueCa(undefined, 'root', valid);
const upper = issueCa(root, 'upper', { ...valid, extensions: { [OIDS.basicConstraints]: basicConstraints(true, 1) } });
const lower = issueCa(upper, 'lower', valid);
const constrained = issueCa(root, 'constrained', {
  ...valid,
  extensions: { [OIDS.nameConstraints]: nameConstraints({ excluded: [uriName('.td')] }) },
});
const id = 'spiffe://td/a';

test.each([
  ['leaf and root', [issueLeaf(root, id, valid)]],
  ['two intermediates', [issueLeaf(lower, id, valid), lower, upper]],
  ['intermediates out of order, root sent along', [issueLeaf(lower, id, valid), root, upper, lower]],
  ['name constraints', [issueLeaf(constrained, id, valid), constrained]],
])('what is accepted here is accepted by a TLS handshake: %s', async (_what, chain) => {
  accept(chain, [root], now);
  expect(await nodeAccepts(chain, [root])).toBe(true);
});
