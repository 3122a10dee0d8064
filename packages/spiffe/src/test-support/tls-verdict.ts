import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import type { Issued } from './test-issuer.js';

const pem = (der: Buffer) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;

const KEY_PEMS = new WeakMap<Issued['key'], string | Buffer>();

/** Exported once: a key serves many chains. */
function privateKeyPem(key: Issued['key']): string | Buffer {
  const text = KEY_PEMS.get(key) ?? key.privateKey.export({ format: 'pem', type: 'pkcs8' });
  KEY_PEMS.set(key, text);
  return text;
}

/**
 * What Node says of a chain in a real TLS 1.3 handshake at the real time, in which both sides present `chain` and trust `roots`:
 * `accepted`, OpenSSL's reasons, or `failed: ` and an error code where there was no handshake at all.
 */
export async function tlsVerdict(
  chain: readonly Issued[],
  roots: readonly Issued[],
  more: tls.SecureContextOptions = {},
): Promise<string> {
  const [leaf] = chain;
  if (leaf === undefined) throw new Error('a chain needs a leaf');
  const secureContext = tls.createSecureContext({
    key: privateKeyPem(leaf.key),
    cert: chain.map((one) => pem(one.der)).join(''),
    ca: roots.map((one) => pem(one.der)),
    minVersion: 'TLSv1.3',
    ...more,
  });
  // Neither side hangs up over a chain that it does not like.
  const server = tls.createServer({
    requestCert: true,
    rejectUnauthorized: false,
    SNICallback: (_name, callback) => callback(null, secureContext),
  });
  // A pipe instead of the loopback would be cheaper, but there Node throws out of reach over a signature that does not verify.
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'secureConnection');
  const client = tls.connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    secureContext,
    servername: 'server.test',
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  // A handshake that fails in another way may end on one side only: the other would wait for ever.
  server.once('tlsClientError', (error) => client.destroy(error));
  // Node reports a signature that did not verify once more, as an error of the established connection.
  server.once('secureConnection', (socket) => socket.on('error', () => undefined));
  try {
    const [[socket]] = await Promise.all([accepted, once(client, 'secureConnect')]);
    return verdict(client, socket as tls.TLSSocket);
  } catch (error) {
    return error instanceof Error && 'code' in error ? `failed: ${error.code}` : 'failed';
  } finally {
    client.on('error', () => undefined);
    client.destroy();
    server.close();
  }
}

function verdict(...sides: readonly tls.TLSSocket[]): string {
  const reasons = sides.filter((side) => !side.authorized).map((side) => String(side.authorizationError));
  return reasons.length === 0 ? 'accepted' : [...new Set(reasons)].join();
}
