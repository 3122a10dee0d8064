import { isDeepStrictEqual } from 'node:util';
import { type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { directoryCatalogue } from '@dirgate/directory';
import { type Catalogue, createCatalogue, createMessageReader, type MethodDeclaration, type Resource } from '@dirgate/guard';
import { describe, expect, test } from 'vitest';
import { ShapeService } from './gen/shapes/protobuf-es/test/shapes/v1/shapes_pb.js';
import { type Decoders, directoryDecoders, shapesDecoders } from './test-support/decoders.js';
import { type Random, randomMessage, randomOf } from './test-support/random-message.js';

const SEED = 20_261_127;

/** Every kind of path; `prefix` leads to the shape. */
function shapeRules(prefix: string): NonNullable<MethodDeclaration['request']> {
  const properties = {
    text: `${prefix}text`,
    nested: `${prefix}nested.text`,
    deep: `${prefix}nested.nested.only_ref.cid`,
    names: `${prefix}many_names[]`,
    parts: `${prefix}many_refs[].part_1_of_a_b`,
    notes: `${prefix}many_refs[].opt_note`,
    label: `${prefix}label_of.team`,
    label_constructor: `${prefix}label_of.constructor`,
    ref_name: `${prefix}ref_by_name.main.constructor`,
    doc: `${prefix}doc_by_name.main.name`,
    docs: `${prefix}many_docs[].name`,
    name: `${prefix}data.name`,
    skills: `${prefix}data.skills[].name`,
    authors: `${prefix}data.authors[]`,
    lists: `${prefix}data.list[].list[].name`,
    traps: `${prefix}data.fields.name`,
    note: `${prefix}note`,
    part: `${prefix}only_ref.part_1_of_a_b`,
  };
  const ids = { id: `${prefix}groups[].refs[].cid`, describedBy: `${prefix}groups[].refs[].cid` };
  return [
    { type: 'ref', when: `${prefix}one_ref`, ...ids, properties: { ...properties, ref: `${prefix}one_ref.cid` } },
    { type: 'name', when: `${prefix}one_name`, ...ids, properties: { ...properties, own: `${prefix}one_name` } },
    {
      type: 'doc',
      when: `${prefix}one_doc`,
      id: `${prefix}many_names[]`,
      properties: { ...properties, own: `${prefix}one_doc.name` },
    },
    { type: 'flag', when: `${prefix}one_flag`, id: `${prefix}note`, describedBy: `${prefix}only_ref.cid`, properties },
    { type: 'noted', when: `${prefix}note`, properties },
    { type: 'none', ...ids, properties },
  ];
}

const shapesCatalogue = createCatalogue({
  descriptors: ShapeService,
  services: {
    'test.shapes.v1.ShapeService': { Draw: { class: 'write', request: shapeRules(''), response: shapeRules('shape.') } },
  },
  complete: true,
});

/** Every message of a catalogue that is read: its method, its phase and its type. */
function readMessages(catalogue: Catalogue): { method: string; phase: 'request' | 'response'; message: DescMessage }[] {
  return [...catalogue].flatMap(([method, rule]) =>
    (['request', 'response'] as const).flatMap((phase) => {
      const message = rule[phase]?.message;
      return message === undefined ? [] : [{ method, phase, message }];
    }),
  );
}

/** protobufjs writes what an object inherits as `constructor` for a field of that name that is not set. */
function comparable(resources: readonly Resource[]): unknown {
  return resources.map(({ properties: { ref_name: _, ...properties }, ...rest }) => ({ ...rest, properties }));
}

interface Sample {
  readonly method: string;
  readonly phase: 'request' | 'response';
  readonly message: DescMessage;
  readonly bytes: Uint8Array;
}

/** So many random messages of every message that a catalogue reads. */
function samplesOf(catalogue: Catalogue, perMessage: number, random: Random): Sample[] {
  return readMessages(catalogue).flatMap((read) =>
    Array.from({ length: perMessage }, () => ({ ...read, bytes: toBinary(read.message, randomMessage(random, read.message)) })),
  );
}

const suites: readonly [name: string, Catalogue, readonly Decoders[], perMessage: number][] = [
  ['the Directory', directoryCatalogue, directoryDecoders, 70],
  ['every shape', shapesCatalogue, shapesDecoders, 300],
];

describe.each(suites)('%s: the same bytes', (_name, catalogue, decoders, perMessage) => {
  const reference = createMessageReader({ catalogue });
  const random = randomOf(SEED);
  const samples = samplesOf(catalogue, perMessage, random);
  const others = samplesOf(catalogue, perMessage, random);
  const expected = samples.map(({ method, phase, message, bytes }) => reference(method, phase, fromBinary(message, bytes)));

  test('have what there is to read', () => {
    const properties = expected.flatMap((resources) => Object.keys(resources[0]?.properties ?? {}));
    expect(samples.length).toBeGreaterThanOrEqual(600);
    expect(properties.length).toBeGreaterThan(samples.length / 5);
    expect(expected.filter((resources) => resources.length > 1).length).toBeGreaterThan(20);
  });

  test.each(decoders)('are the same resources to $name as to protobuf-es', ({ messages, codecs }) => {
    const read = createMessageReader({ catalogue, messages });
    samples.forEach(({ method, phase, bytes }, index) => {
      const resources = read(method, phase, codecs.get(`${method} ${phase}`)?.decode(bytes));
      if (!isDeepStrictEqual(resources, expected[index])) {
        expect(resources, `${method} ${phase} ${Buffer.from(bytes).toString('hex')}`).toEqual(expected[index]);
      }
    });
  });

  test('are never less to a reader that was told of another generator: the same resources, or refused', () => {
    const readers = [{ name: 'protobuf-es', messages: 'protobuf-es' as const }, ...decoders].map(({ name, messages }) => ({
      name,
      read: createMessageReader({ catalogue, messages }),
    }));
    let refused = 0;
    for (const { name: made, codecs } of decoders) {
      samples.forEach(({ method, phase, bytes }, index) => {
        if (phase === 'response') return; // those of protobuf-es may be plain objects
        const decoded = codecs.get(`${method} ${phase}`)?.decode(bytes);
        for (const { name, read } of readers) {
          try {
            const resources = read(method, phase, decoded);
            if (!isDeepStrictEqual(resources, expected[index])) {
              expect(resources, `${made} read as ${name}: ${method}`).toEqual(expected[index]);
            }
          } catch (error) {
            expect(error).toMatchObject({ code: 'message_unreadable' });
            refused += 1;
          }
        }
      });
    }
    expect(refused).toBeGreaterThan(samples.length);
  });

  test.each(decoders)('of two messages in a row: what $name reads is what its own code then writes', ({ messages, codecs }) => {
    const read = createMessageReader({ catalogue, messages });
    let refused = 0;
    samples.forEach(({ method, phase, message, bytes }, index) => {
      const codec = codecs.get(`${method} ${phase}`);
      const decoded = codec?.decode(Buffer.concat([bytes, others[index]?.bytes ?? bytes]));
      let resources: readonly Resource[];
      try {
        resources = read(method, phase, decoded);
      } catch (error) {
        expect(error).toMatchObject({ code: 'message_unreadable' });
        refused += 1;
        return;
      }
      const written = reference(method, phase, fromBinary(message, codec?.encode(decoded) ?? bytes));
      if (!isDeepStrictEqual(comparable(resources), comparable(written))) {
        expect(comparable(resources)).toEqual(comparable(written));
      }
    });
    // Several members of one oneof, where a generator keeps them; a union holds one alone.
    const unions = typeof messages === 'object' && messages.generator === 'ts-proto' && messages.oneof !== undefined;
    expect(refused > 0).toBe(!unions);
    expect(refused).toBeLessThan(samples.length / 2);
  });
});
