import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deniedEvent as event } from '../test-support/decision-events.js';
import { type DecisionUpload, openDecisionUpload } from './decision-upload.js';
import type { DecisionUploadOptions } from './decision-upload-options.js';

/** For a machine with other things to do. */
const PATIENT = { timeout: 10_000 };

interface Batch {
  readonly request: IncomingMessage;
  readonly bytes: number;
  readonly ids: readonly string[];
}

/** A service that takes logs as OPA's would, and answers as it is told. */
class Collector {
  readonly batches: Batch[] = [];
  /** Answers of the next requests; then 200. */
  readonly answers: (number | ((response: ServerResponse) => void))[] = [];
  readonly server: Server = createServer((request, response) => void this.#take(request, response));

  static async start(): Promise<Collector> {
    const collector = new Collector();
    collector.server.listen(0, '127.0.0.1');
    await once(collector.server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The ids of what was accepted. */
  get ids(): readonly string[] {
    return this.batches.flatMap(({ ids }) => ids);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const answer = this.answers.shift() ?? 200;
    if (typeof answer === 'function') {
      answer(response);
      return;
    }
    if (answer === 200) {
      const events = JSON.parse(gunzipSync(body).toString()) as { decision_id: string }[];
      this.batches.push({ request, bytes: body.length, ids: events.map(({ decision_id }) => decision_id) });
    }
    response.writeHead(answer, { location: '/elsewhere' }).end('canary '.repeat(10));
  }
}

let collector: Collector;
let upload: DecisionUpload;
async function open(options: Partial<DecisionUploadOptions> = {}): Promise<DecisionUpload> {
  collector = await Collector.start();
  upload = openDecisionUpload({ url: collector.url, closeTimeoutMs: 100, ...options });
  return upload;
}
afterEach(async () => {
  await upload?.close();
  await collector?.stop();
});
const send = (from: number, to: number): void => {
  for (let id = from; id < to; id += 1) upload.onDecision({ ...event, id: `${id}` });
};
const idsUpTo = (count: number): string[] => Array.from({ length: count }, (_, id) => `${id}`);

test('posts a compressed JSON array to /logs', async () => {
  await open({ authorization: 'Bearer of-the-collector', labels: { app: 'x' } });
  send(0, 3);
  await upload.flush();
  const [batch] = collector.batches;
  expect(batch?.request).toMatchObject({
    method: 'POST',
    url: '/logs',
    headers: {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'content-length': `${batch?.bytes}`,
      authorization: 'Bearer of-the-collector',
    },
  });
  expect(collector.ids).toEqual(idsUpTo(3));
  expect(upload).toMatchObject({ uploaded: 3, dropped: 0, failures: 0, lastFailure: undefined });
});

test.each([
  ['', 'a b/c', '/logs/a%20b%2Fc'],
  ['/opa/', undefined, '/opa/logs'],
  ['/opa', 'p', '/opa/logs/p'],
])('path "%s" and partition %s: %s', async (path, partition, expected) => {
  await open();
  await using other = openDecisionUpload({ url: collector.url + path, ...(partition !== undefined && { partition }) });
  other.onDecision(event);
  await other.flush();
  expect(collector.batches[0]?.request.url).toBe(expected);
});

test('sends by itself, a while after the first event', async () => {
  await open({ minDelayMs: 1, maxDelayMs: 10 });
  for (let round = 1; round <= 3; round += 1) {
    send(round - 1, round);
    await vi.waitFor(() => expect(collector.ids).toEqual(idsUpTo(round)), PATIENT);
  }
});

test('many events go in order, in batches of at most so many bytes, and full ones do not wait', async () => {
  await open({ minDelayMs: 1_000_000, maxDelayMs: 1_000_000, maxBatchBytes: 1024 });
  send(0, 2000);
  await vi.waitFor(() => expect(collector.batches.length).toBeGreaterThan(3), PATIENT);
  await upload.flush();
  expect(collector.ids).toEqual(idsUpTo(2000));
  for (const { bytes } of collector.batches) expect(bytes).toBeLessThanOrEqual(1024);
  expect(collector.batches.length).toBeLessThan(500);
});

test('an event that no batch can hold is dropped, the others are sent', async () => {
  await open({ maxBatchBytes: 1024, keepClaims: true });
  const noise = Array.from({ length: 500 }, (_, index) => `${Math.sin(index)}`);
  send(0, 2);
  upload.onDecision({ ...event, id: 'large', reasons: noise });
  send(2, 4);
  await upload.flush();
  expect(collector.ids).toEqual(idsUpTo(4));
  expect(upload).toMatchObject({ uploaded: 4, dropped: 1, failures: 0 });
});

describe('what the service does not accept', () => {
  test.each([500, 503, 429, 401, 404, 302, 101])('with %i is sent again', async (status) => {
    await open();
    collector.answers.push(status === 101 ? (response) => response.socket?.destroy() : status);
    send(0, 3);
    await upload.flush();
    expect(collector.ids).toEqual([]);
    expect(upload).toMatchObject({ uploaded: 0, dropped: 0, failures: 1 });
    expect(upload.lastFailure).toBe(status === 101 ? 'ECONNRESET' : `HTTP ${status}`);
    await vi.waitFor(() => expect(upload).toMatchObject({ uploaded: 3, failures: 1 }), PATIENT); // by itself
    expect(collector.ids).toEqual(idsUpTo(3));
  });

  test.each([400, 413, 422])('with %i is not, and does not keep what follows', async (status) => {
    await open();
    collector.answers.push(status);
    send(0, 3);
    await upload.flush();
    send(3, 5);
    await upload.flush();
    expect(collector.ids).toEqual(['3', '4']);
    expect(upload).toMatchObject({ uploaded: 2, dropped: 3, failures: 1, lastFailure: `HTTP ${status}` });
  });

  test('in time is given up', async () => {
    await open({ timeoutMs: 50 });
    collector.answers.push(() => undefined);
    send(0, 1);
    await upload.flush();
    expect(upload).toMatchObject({ uploaded: 0, failures: 1, lastFailure: 'timeout' });
  });

  test('or not at all, is kept up to a bound', async () => {
    await open({ maxWaitingBytes: 10_000 });
    const { url } = collector;
    await collector.stop();
    upload = openDecisionUpload({ url, maxWaitingBytes: 10_000, closeTimeoutMs: 100 });
    send(0, 100);
    await upload.flush();
    expect(upload).toMatchObject({ uploaded: 0, failures: 1, lastFailure: 'ECONNREFUSED' });
    expect(upload.dropped).toBeGreaterThan(80);
    expect(upload.dropped).toBeLessThan(100);
  });
});

test('an answer without an end holds up nothing', async () => {
  await open({ timeoutMs: 2000 });
  collector.answers.push((response) => {
    response.writeHead(200);
    response.write('x');
  });
  send(0, 1);
  await upload.flush();
  expect(upload).toMatchObject({ uploaded: 1, failures: 0 });
  send(1, 2);
  await upload.flush();
  expect(collector.ids).toEqual(['1']);
});

describe('an authorization that is renewed', () => {
  test('is asked for each attempt', async () => {
    let count = 0;
    await open({ authorization: async () => `Bearer ${++count}` });
    collector.answers.push(401);
    send(0, 1);
    await upload.flush();
    await upload.flush();
    expect(collector.batches.map(({ request }) => request.headers.authorization)).toEqual(['Bearer 2']);
  });

  test.each<[string, () => string]>([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
    ],
    ['is no text of a header', () => 'Bearer a\r\nx-more: b'],
    ['is empty', () => ''],
  ])('%s: nothing is sent, nothing is lost', async (_name, authorization) => {
    await open({ authorization });
    send(0, 1);
    await upload.flush();
    expect(upload).toMatchObject({ uploaded: 0, dropped: 0, lastFailure: 'authorization_failed' });
    expect(collector.batches).toEqual([]);
  });
});

test('an agent of the operator makes the connections', async () => {
  const agent = new Agent({ keepAlive: true });
  const created = vi.spyOn(agent, 'createConnection' as never);
  await open({ agent });
  for (let round = 0; round < 3; round += 1) {
    send(round, round + 1);
    await upload.flush();
  }
  expect(collector.ids).toEqual(idsUpTo(3));
  expect(created).toHaveBeenCalledTimes(1);
  agent.destroy();
});

describe('close', () => {
  test('sends what waits; later events are dropped', async () => {
    await open({ closeTimeoutMs: 20_000 });
    send(0, 3);
    await Promise.all([upload.close(), upload.close()]);
    expect(collector.ids).toEqual(idsUpTo(3));
    send(3, 4);
    await upload.flush();
    expect(upload).toMatchObject({ uploaded: 3, dropped: 1 });
  });

  test('drops what a service that hangs does not take in time', async () => {
    await open({ closeTimeoutMs: 20, timeoutMs: 1500 });
    collector.answers.push(() => undefined);
    send(0, 3);
    const flushed = upload.flush();
    await vi.waitFor(() => expect(collector.answers).toHaveLength(0), PATIENT);
    send(3, 5);
    await upload.close();
    expect(upload).toMatchObject({ uploaded: 0, dropped: 2 });
    await flushed; // the attempt that was under way
    expect(upload).toMatchObject({ uploaded: 0, dropped: 5, lastFailure: 'timeout' });
  });
});

describe('a mistake is told at once', () => {
  const good: DecisionUploadOptions = { url: 'https://collector.example' };
  test.each<Partial<DecisionUploadOptions>>([
    {},
    { url: 'http://localhost:1' },
    { url: 'http://127.0.0.1:1', authorization: 'Bearer x' },
    { url: 'http://[::1]:1' },
    { url: 'http://collector.example', plaintext: true },
    { minDelayMs: 60_000 },
  ])('not %j', async (options) => {
    await openDecisionUpload({ ...good, ...options }).close();
  });

  test.each<Partial<DecisionUploadOptions>>([
    { url: 'collector.example' },
    { url: 'ftp://collector.example' },
    { url: 'https://user:canary@collector.example' },
    { url: 'https://collector.example?a=b' },
    { url: 'http://collector.example' },
    { url: 'http://127.0.0.1.example' },
    { url: 'http://collector.example', plaintext: true, authorization: 'Bearer x' },
    { authorization: 'a\nb' },
    { authorization: '' },
    { partition: '' },
    { partition: '..' },
    { partition: '.' },
    { maxBatchBytes: 100 },
    { maxWaitingBytes: -1 },
    { timeoutMs: Number.NaN },
    { minDelayMs: 10, maxDelayMs: 5 },
    { mask: ['nothing'] },
  ])('%j', (options) => {
    expect(() => openDecisionUpload({ ...good, ...options })).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });
});
