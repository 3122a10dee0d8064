import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from 'vitest';
import { X509SVIDResponseSchema, X509SVIDSchema } from '../gen/spiffe/workload/workloadapi_pb.js';
import { splitBundlesField } from './bundles-field.js';
import { Turns } from './turns.js';

const MOST = new Map([
  [1, { count: 2, what: 'SVIDs' }],
  [3, { count: 3, what: 'bundles' }],
]);

function split(message: Uint8Array, keepsRest = true) {
  return splitBundlesField(message, { field: 3, most: MOST, keepsRest, turns: new Turns() });
}

function entry(key: string, value: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.LengthDelimited).bytes(value).finish();
}

function withEntries(...entries: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const bytes of entries) writer.tag(3, WireType.LengthDelimited).bytes(bytes);
  return writer.finish();
}

test('the map is taken out, and the rest is what the generated code would have read', async () => {
  const svid = create(X509SVIDSchema, { spiffeId: 'spiffe://a.example/x', x509Svid: Buffer.from('chain') });
  const federatedBundles = { 'spiffe://b.example': Buffer.from('b'), 'spiffe://constructor': Buffer.alloc(300, 1) };
  const crl = [Buffer.from('crl')];
  const { bundles, rest } = await split(
    toBinary(X509SVIDResponseSchema, create(X509SVIDResponseSchema, { svids: [svid], crl, federatedBundles })),
  );
  expect(Object.fromEntries(bundles.map(({ key, bytes }) => [key, bytes]))).toEqual(federatedBundles);
  const expected = toBinary(X509SVIDResponseSchema, create(X509SVIDResponseSchema, { svids: [svid], crl }));
  expect(Buffer.from(rest)).toEqual(Buffer.from(expected));
});

test('a key that comes twice is seen twice; what is missing in an entry is empty; fields that nobody knows are skipped', async () => {
  const unknown = new BinaryWriter().tag(7, WireType.Varint).uint32(300).finish();
  const onlyKey = new BinaryWriter().tag(1, WireType.LengthDelimited).string('spiffe://b').finish();
  const { bundles } = await split(
    withEntries(entry('spiffe://a', Buffer.from('1')), entry('spiffe://a', Buffer.from('2')), Buffer.concat([onlyKey, unknown])),
  );
  expect(bundles.map(({ key, bytes }) => [key, Buffer.from(bytes).toString()])).toEqual([
    ['spiffe://a', '1'],
    ['spiffe://a', '2'],
    ['spiffe://b', ''],
  ]);
});

test('no bytes are a message without anything', async () => {
  expect(await split(new Uint8Array())).toEqual({ bundles: [], rest: Buffer.alloc(0) });
});

describe('refused', () => {
  const good = withEntries(entry('spiffe://a', Buffer.from('1')));
  test.each<[string, Uint8Array]>([
    ['text', Buffer.from('garbage')],
    ['a message cut short', good.subarray(0, -1)],
    ['an entry whose value is longer than the entry', withEntries(entry('spiffe://a', Buffer.from('1')).subarray(0, -1))],
    ['an entry whose value reaches into the next one', Buffer.concat([good.subarray(0, 1), Buffer.from([3]), good.subarray(2)])],
    ['a field number of 0', Buffer.from([0x02, 0x00])],
    ['a length beyond 2 GiB', Buffer.from([0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
  ])('%s', async (_name, message) => {
    await expect(split(good)).resolves.toMatchObject({ bundles: [{ key: 'spiffe://a' }] });
    await expect(split(message)).rejects.toThrow();
  });

  test('more than there may be, before any of it is decoded', async () => {
    const bundles = (count: number) =>
      withEntries(...Array.from({ length: count }, (_, i) => entry(`spiffe://td${i}`, Buffer.of(1))));
    await expect(split(bundles(3))).resolves.toBeDefined();
    await expect(split(bundles(4))).rejects.toThrow('more than 3 bundles');
    // Not even messages: their number is enough.
    const svids = (count: number) => Buffer.concat(Array.from({ length: count }, () => Buffer.from([0x0a, 1, 0xff])));
    await expect(split(svids(2))).resolves.toBeDefined();
    await expect(split(svids(3))).rejects.toThrow('more than 2 SVIDs');
  });
});

describe('fields that nobody knows', () => {
  const unknown = (count: number): Buffer => Buffer.alloc(2 * count, Buffer.from([0x78, 0x01])); // field 15, a varint
  const good = withEntries(entry('spiffe://a', Buffer.from('1')));

  test('are kept only where somebody reads the rest', async () => {
    const message = Buffer.concat([unknown(3), good]);
    expect((await split(message)).rest).toHaveLength(6);
    const { bundles, rest } = await split(message, false);
    expect([bundles.length, rest.length]).toEqual([1, 0]);
  });

  test('are counted: ten thousand in a message, a hundred in an entry', async () => {
    await expect(split(Buffer.concat([unknown(10_000), good]))).resolves.toMatchObject({ bundles: [expect.anything()] });
    await expect(split(Buffer.concat([unknown(10_001), good]))).rejects.toThrow('more than 10000 other fields');
    const inside = (count: number) => withEntries(Buffer.concat([unknown(count), entry('spiffe://a', Buffer.from('1'))]));
    await expect(split(inside(98))).resolves.toMatchObject({ bundles: [{ key: 'spiffe://a' }] });
    await expect(split(inside(99))).rejects.toThrow('more than 100 fields');
  });
});

test('others have their turn in between', async () => {
  let now = 0;
  let turns = 0;
  const counted = new Turns(
    () => now++,
    async () => void turns++,
  );
  const message = withEntries(...Array.from({ length: 1000 }, (_, i) => entry(`spiffe://td${i}`, Buffer.of(1))));
  const { bundles } = await splitBundlesField(message, {
    field: 3,
    most: new Map([[3, { count: 1000, what: 'bundles' }]]),
    keepsRest: true,
    turns: counted,
  });
  expect(bundles).toHaveLength(1000);
  // The clock ticks once per entry.
  expect(turns).toBeGreaterThan(80);
});
