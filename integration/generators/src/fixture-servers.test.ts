import { isDeepStrictEqual } from 'node:util';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { StructSchema, ValueSchema } from '@bufbuild/protobuf/wkt';
import { PublishRequestSchema, RoutingService, SearchService, StoreService } from '@dirgate/directory';
import type { MessageGenerator } from '@dirgate/guard';
import { clientConstructor } from '@dirgate/service-definition';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import type { FixtureServer } from './test-support/fixture-server.js';
import { GuardedFixture, outcomeOf } from './test-support/guarded-fixture.js';
import { protoLoaderServer } from './test-support/proto-loader-server.js';
import { protobufEsServer } from './test-support/protobuf-es-server.js';
import { tsProtoServer } from './test-support/ts-proto-server.js';

const DOCUMENTED = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
const servers: readonly [string, FixtureServer][] = [
  ['protobuf-es on grpc-js', protobufEsServer],
  ['ts-proto on nice-grpc', tsProtoServer],
  ['proto-loader on grpc-js', protoLoaderServer({})],
  ['proto-loader with the documented options', protoLoaderServer(DOCUMENTED)],
];
const kindOf = (messages: MessageGenerator): string => (typeof messages === 'string' ? messages : messages.generator);
const GOOD = { name: 'acme/good', version: '1', skills: [{ name: 's' }, { id: 1 }, { name: 't' }], locators: [{ type: 'url' }] };

describe.each(servers)('%s', (_name, server) => {
  test('bidi: a record is judged by its own document', async () => {
    await using fixture = await GuardedFixture.start(server);
    const store = fixture.client(clientConstructor(StoreService));
    const push = (...documents: (typeof GOOD | { name: string })[]) =>
      outcomeOf(
        store.push(),
        documents.map((data) => ({ data })),
      );
    expect(await push(GOOD)).toEqual({ code: status.OK, answers: [{ cid: 'cid of acme/good' }] });
    expect(fixture.told()).toEqual([
      {
        type: 'record',
        properties: { name: 'acme/good', version: '1', skills: ['s', 't'], locators: ['url'] },
      },
    ]);
    expect(await push(GOOD, { name: 'other/bad' }, GOOD)).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(fixture.log).toEqual(['push acme/good', 'push acme/good']);
  });

  test('a guard that was told of another generator, or of other names, refuses before the handler starts', async () => {
    const others = servers.filter(([, { messages }]) => !isDeepStrictEqual(messages, server.messages));
    expect(others.length).toBeGreaterThanOrEqual(2);
    for (const [other, { messages }] of others) {
      await using fixture = await GuardedFixture.start(server, { messages });
      const push = await outcomeOf(fixture.client(clientConstructor(StoreService)).push(), [{ data: GOOD }]);
      const routing = fixture.client(clientConstructor(RoutingService));
      const publish = await fixture.unary((callback) =>
        routing.publish({ request: { case: 'recordRefs', value: { refs: [{ cid: 'good' }] } } }, callback),
      );
      // A document tells generators apart, a name of two words those of one.
      const [refused, told] = kindOf(messages) === kindOf(server.messages) ? [publish, push.code] : [push.code, publish];
      expect(refused, other).toBe(status.INTERNAL);
      expect(fixture.events).toContainEqual(expect.objectContaining({ step: 'call', reasons: ['messages_unfit'] }));
      expect(fixture.log).toHaveLength(told === status.OK ? 1 : 0);
    }
  });

  test('bidi: a record that is named by its CID is described', async () => {
    await using fixture = await GuardedFixture.start(server);
    const store = fixture.client(clientConstructor(StoreService));
    const pulled = await outcomeOf(store.pull(), [{ cid: 'good' }]);
    expect(pulled).toEqual({ code: status.OK, answers: [{ data: { name: 'acme/good' } }] });
    expect(await outcomeOf(store.pull(), [{ cid: 'good' }, { cid: 'secret' }])).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(fixture.log).toEqual(['pull good', 'pull good']);
    expect(fixture.described).toEqual(['good', 'good', 'secret']);
  });

  test('client stream: one refused message, and nothing is committed', async () => {
    await using fixture = await GuardedFixture.start(server);
    const store = fixture.client(clientConstructor(StoreService));
    const remove = (...cids: string[]) =>
      fixture.clientStream(
        (callback) => store.delete(callback),
        cids.map((cid) => ({ cid })),
      );
    expect(await remove('good', 'good')).toBe(status.OK);
    expect(fixture.log.splice(0)).toEqual(['delete good', 'delete good', 'deleted']);
    expect(await remove('good', 'secret', 'good')).toBe(status.PERMISSION_DENIED);
    expect(fixture.log).not.toContain('delete secret');
    expect(fixture.log).not.toContain('deleted');
  });

  test('unary: every record of the oneof’s message, or the selection that is made instead', async () => {
    await using fixture = await GuardedFixture.start(server);
    const routing = fixture.client(clientConstructor(RoutingService));
    const publish = (request: MessageInitShape<typeof PublishRequestSchema>['request']) =>
      fixture.unary((callback) => routing.publish({ ...(request !== undefined && { request }) }, callback));
    const refs = (...cids: string[]) => ({ case: 'recordRefs' as const, value: { refs: cids.map((cid) => ({ cid })) } });
    expect(await publish(refs('good', 'good'))).toBe(status.OK);
    expect(fixture.told().map(({ type, id }) => [type, id])).toEqual([
      ['record', 'good'],
      ['record', 'good'],
    ]);
    expect(fixture.log.splice(0)).toEqual(['publish good,good']);
    expect(await publish(refs('good', 'secret'))).toBe(status.PERMISSION_DENIED);
    expect(await publish(refs('good', ''))).toBe(status.PERMISSION_DENIED);
    expect(await publish({ case: 'allRecords', value: true })).toBe(status.PERMISSION_DENIED);
    expect(fixture.told().at(-1)).toEqual({ type: 'selection', properties: { kind: 'all' } });
    expect(await publish({ case: 'queries', value: {} })).toBe(status.PERMISSION_DENIED);
    expect(await publish(undefined)).toBe(status.PERMISSION_DENIED);
    expect(fixture.told().at(-1)).toEqual({ type: 'selection', properties: { kind: 'none' } });
    expect(fixture.log).toEqual([]);
  });

  test('server stream: a query', async () => {
    await using fixture = await GuardedFixture.start(server);
    const search = fixture.client(clientConstructor(SearchService));
    const found = await outcomeOf(search.searchCIDs({ queries: [{ value: 'x' }] }));
    expect(found).toEqual({ code: status.OK, answers: [{ recordCid: 'one' }, { recordCid: 'two' }] });
    expect(fixture.told()).toEqual([{ type: 'query', properties: {} }]);
    await outcomeOf(search.searchCIDs({ limit: 0, offset: 4_294_967_295 }));
    expect(fixture.told().at(-1)).toEqual({ type: 'query', properties: { offset: 4_294_967_295 } });
    expect(fixture.log.splice(1)).toEqual(['search']);
    fixture.refuse = () => true;
    expect(await outcomeOf(search.searchCIDs({}))).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(fixture.log).toEqual(['search']);
  });

  test('bytes that set two members of the oneof: the handler never gets another one than was judged', async () => {
    await using fixture = await GuardedFixture.start(server);
    const part = (request: NonNullable<MessageInitShape<typeof PublishRequestSchema>['request']>) =>
      toBinary(PublishRequestSchema, create(PublishRequestSchema, { request }));
    const good = part({ case: 'recordRefs', value: { refs: [{ cid: 'good' }] } });
    const all = part({ case: 'allRecords', value: true });
    const send = (bytes: Uint8Array) => fixture.sendRaw(RoutingService, 'Publish', bytes);
    expect(await send(good)).toBe(status.OK);
    expect(fixture.log.splice(0)).toEqual(['publish good']);
    expect(await send(Buffer.concat([good, all]))).toBe(status.PERMISSION_DENIED);
    expect(fixture.log).toEqual([]);
    if (server.messages === 'protobuf-es') {
      expect(await send(Buffer.concat([all, good]))).toBe(status.OK); // the last one wins, for the policy and the handler
      expect(fixture.log).toEqual(['publish good']);
    } else {
      expect(await send(Buffer.concat([all, good]))).toBe(status.PERMISSION_DENIED);
      expect(fixture.events.at(-1)).toMatchObject({ code: 'message_unreadable', reasons: ['message_shape_unexpected'] });
      expect(fixture.log).toEqual([]);
    }
  });

  test('a document full of traps says to the policy what it says to the handler', async () => {
    await using fixture = await GuardedFixture.start(server);
    const text = (value: string) => create(ValueSchema, { kind: { case: 'stringValue', value } });
    const struct = create(StructSchema, { fields: { name: text('acme/true') } });
    const inner = create(StructSchema, { fields: { name: text('other/forged') } });
    const nested = create(ValueSchema, { kind: { case: 'structValue', value: inner } });
    for (const trap of ['__proto__', 'constructor', 'fields', 'kind', 'structValue', '$typeName', '$type', 'case', 'value']) {
      Object.defineProperty(struct.fields, trap, { value: nested, enumerable: true });
    }
    for (const trap of ['stringValue', '$case']) struct.fields[trap] = text('other/forged');
    const document = toBinary(StructSchema, struct);
    const record = Buffer.concat([Buffer.of(0x0a, 0x80 | (document.length & 0x7f), document.length >> 7), document]);
    expect(document.length).toBeGreaterThan(127);
    expect(await fixture.sendRaw(StoreService, 'Push', record)).toBe(status.OK);
    expect(fixture.told()).toEqual([{ type: 'record', properties: { name: 'acme/true' } }]);
    expect(fixture.log).toEqual(['push acme/true']);
  });
});
