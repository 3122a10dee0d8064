import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { LogService, type UploadOutcome } from './log-service.js';

/** What comes of one attempt at a service that answers these bytes, and closes nothing. */
async function outcomeOf(bytes: string, timeoutMs = 5000): Promise<UploadOutcome> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.write(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outcome = await new LogService({ url }, timeoutMs).post(Buffer.from('[]'));
  server.close();
  return outcome;
}

test.each<[string, string, UploadOutcome]>([
  ['an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', { kind: 'accepted' }],
  ['an answer whose body never ends', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx', { kind: 'accepted' }],
  [
    'another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    { kind: 'failed', reason: 'request_failed' },
  ],
  ['no HTTP', 'junk\r\n\r\n', { kind: 'failed', reason: 'HPE_INVALID_CONSTANT' }],
])('%s ends the attempt', async (_name, bytes, outcome) => {
  expect(await outcomeOf(bytes)).toEqual(outcome);
});

test('an attempt that gets hints and no answer ends in time', async () => {
  expect(await outcomeOf('HTTP/1.1 103 Early Hints\r\n\r\n', 50)).toEqual({ kind: 'failed', reason: 'timeout' });
});

test('an authorization that never comes ends the attempt in time', async () => {
  const url = 'http://127.0.0.1:1';
  const post = (authorization: () => Promise<string>) => new LogService({ url, authorization }, 50).post(Buffer.from('[]'));
  expect(await post(async () => 'Bearer x')).toEqual({ kind: 'failed', reason: 'ECONNREFUSED' });
  expect(await post(() => new Promise(() => undefined))).toEqual({ kind: 'failed', reason: 'authorization_failed' });
});
