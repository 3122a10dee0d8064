import { create } from '@bufbuild/protobuf';
import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { createChannel, createClient, createServer, type ServiceImplementation } from 'nice-grpc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientConstructor } from './grpc-js-client.js';
import type { GrpcJsHandlers } from './grpc-js-handlers.js';
import { serviceDefinition } from './service-definition.js';
import { LengthService } from './test-support/length-service.js';

const definition = serviceDefinition(LengthService);

const grpcJsHandlers: GrpcJsHandlers<typeof LengthService> = {
  measureOne: (call, callback) => callback(null, { value: call.request.value.length }),
  measureAll: (call, callback) => {
    let total = 0;
    call.on('data', (message: { value: string }) => {
      total += message.value.length;
    });
    call.on('end', () => callback(null, { value: total }));
  },
  countUpTo: (call) => {
    for (let value = 1; value <= call.request.value.length; value++) {
      call.write({ value });
    }
    call.end();
  },
  measureEach: (call) => {
    call.on('data', (message: { value: string }) => call.write({ value: message.value.length }));
    call.on('end', () => call.end());
  },
};

const niceHandlers: ServiceImplementation<typeof definition> = {
  measureOne: async (request) => ({ value: request.value.length }),
  measureAll: async (requests) => {
    let total = 0;
    for await (const { value } of requests) {
      total += value.length;
    }
    return { value: total };
  },
  async *countUpTo(request) {
    for (let value = 1; value <= request.value.length; value++) {
      yield { value };
    }
  },
  async *measureEach(requests) {
    for await (const { value } of requests) {
      yield { value: value.length };
    }
  },
};

const grpcJsServer = new Server();
const niceServer = createServer();
const addresses = new Map<string, string>();

beforeAll(async () => {
  grpcJsServer.addService(definition, grpcJsHandlers);
  const port = await new Promise<number>((resolve, reject) => {
    grpcJsServer.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  niceServer.add(definition, niceHandlers);
  addresses.set('grpc-js', `127.0.0.1:${port}`);
  addresses.set('nice-grpc', `127.0.0.1:${await niceServer.listen('127.0.0.1:0')}`);
});

afterAll(() => {
  grpcJsServer.forceShutdown();
  niceServer.forceShutdown();
});

/** An init object and a whole message: both may be sent. */
const texts = [{ value: 'four' }, create(StringValueSchema, { value: 'sixsix' })];

describe.each(['grpc-js', 'nice-grpc'])('%s server', (library) => {
  const address = () => addresses.get(library) ?? '';

  test('grpc-js client: all four call kinds', async () => {
    const client = new (clientConstructor(LengthService))(address(), credentials.createInsecure());
    const one = await new Promise((resolve, reject) => {
      client.measureOne({ value: 'four' }, (error, response) => (error ? reject(error) : resolve(response?.value)));
    });
    expect(one).toBe(4);
    const all = await new Promise((resolve, reject) => {
      const call = client.measureAll((error, response) => (error ? reject(error) : resolve(response?.value)));
      for (const text of texts) {
        call.write(text);
      }
      call.end();
    });
    expect(all).toBe(10);
    const counted: unknown[] = [];
    for await (const response of client.countUpTo({ value: 'abc' })) {
      counted.push(response);
    }
    expect(counted).toMatchObject([{ value: 1 }, { value: 2 }, { value: 3 }]);
    const each: unknown[] = [];
    const call = client.measureEach();
    for (const text of texts) {
      call.write(text);
    }
    call.end();
    for await (const response of call) {
      each.push(response);
    }
    expect(each).toMatchObject([{ $typeName: 'google.protobuf.UInt32Value', value: 4 }, { value: 6 }]);
    client.close();
  });

  test('nice-grpc client: all four call kinds', async () => {
    const channel = createChannel(address());
    const client = createClient(definition, channel);
    async function* requests() {
      yield* texts;
    }
    expect((await client.measureOne({ value: 'four' })).value).toBe(4);
    expect((await client.measureAll(requests())).value).toBe(10);
    const counted: number[] = [];
    for await (const { value } of client.countUpTo({ value: 'abc' })) {
      counted.push(value);
    }
    expect(counted).toEqual([1, 2, 3]);
    const each: number[] = [];
    for await (const { value } of client.measureEach(requests())) {
      each.push(value);
    }
    expect(each).toEqual([4, 6]);
    channel.close();
  });
});

describe('definition', () => {
  test('carries path, original name and kind of each method', () => {
    const shape = Object.entries(definition).map(([key, { path, originalName, requestStream, responseStream }]) => [
      key,
      path,
      originalName,
      requestStream,
      responseStream,
    ]);
    expect(shape).toEqual([
      ['measureOne', '/test.v1.LengthService/MeasureOne', 'MeasureOne', false, false],
      ['measureAll', '/test.v1.LengthService/MeasureAll', 'MeasureAll', true, false],
      ['countUpTo', '/test.v1.LengthService/CountUpTo', 'CountUpTo', false, true],
      ['measureEach', '/test.v1.LengthService/MeasureEach', 'MeasureEach', true, true],
    ]);
  });

  test('serializes exactly the message and refuses what is none', () => {
    const bytes = definition.measureOne.requestSerialize({ value: 'four' });
    expect(bytes.toString('hex')).toBe('0a04666f7572');
    expect(definition.measureOne.requestDeserialize(bytes)).toEqual(create(StringValueSchema, { value: 'four' }));
    expect(() => definition.measureOne.requestDeserialize(bytes.subarray(0, 3))).toThrow();
    expect(() => definition.measureOne.responseSerialize({ value: -1 })).toThrow();
  });
});
