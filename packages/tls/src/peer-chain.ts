import type { X509Certificate } from 'node:crypto';

/** The part of a TLS socket that is read. grpc-js hands out a proxy of it, so no class is asked for. */
export interface PeerChainSocket {
  getPeerX509Certificate(): X509Certificate | undefined;
}

/** One more than a chain may have: the verifier refuses what is longer, this only bounds the walk. */
const MAX_CERTIFICATES = 11;

/**
 * The certificates that the peer sent, DER, leaf first; empty when it sent none. Nothing is verified. Call it once per
 * connection and keep the answer: a second reading through Node's other API is truncated (node-facts N-8).
 */
export function readPeerChain(socket: PeerChainSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < MAX_CERTIFICATES) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
