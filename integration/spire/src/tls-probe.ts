import { connect } from 'node:tls';

const LIMIT_MS = 10_000;

/** Whether a server completes a TLS handshake with somebody who asks for no proof and shows none. Rejects when it does not answer. */
export function canShakeHands(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const settle = (how: () => void): void => {
      socket.destroy();
      how();
    };
    socket.setTimeout(LIMIT_MS, () => settle(() => reject(new Error(`${address} did not answer`))));
    socket.once('secureConnect', () => settle(() => resolve(true)));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Nobody listening is another story.
      settle(() => (error.code === 'ECONNREFUSED' ? reject(error) : resolve(false)));
    });
    socket.once('end', () => settle(() => resolve(false)));
  });
}
