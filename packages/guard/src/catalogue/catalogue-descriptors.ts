import { createFileRegistry, type DescFile, type DescService, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { GuardError } from '../guard-error.js';

/**
 * Where a catalogue learns what the messages of a service look like: a service or a file of protoc-gen-es, or the bytes
 * of a `google.protobuf.FileDescriptorSet` with all imports, as `buf build -o FILE` and
 * `protoc --include_imports --descriptor_set_out=FILE` write it.
 */
export type DescriptorSource = DescService | DescFile | Uint8Array;

/** All services of these sources by their full names. @throws {GuardError} `config_invalid` */
export function servicesOf(sources: readonly DescriptorSource[]): ReadonlyMap<string, DescService> {
  const services = new Map<string, DescService>();
  for (const source of sources) {
    for (const service of servicesIn(source)) {
      services.set(service.typeName, service);
    }
  }
  return services;
}

function servicesIn(source: DescriptorSource): Iterable<DescService> {
  if (source instanceof Uint8Array) {
    return [...readFiles(source)].flatMap(({ services }) => services);
  }
  return source.kind === 'service' ? [source] : source.services;
}

function readFiles(bytes: Uint8Array): Iterable<DescFile> {
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes)).files;
  } catch (cause) {
    throw new GuardError(
      'config_invalid',
      'descriptors: these bytes are no FileDescriptorSet with all that it imports: write it with `buf build -o FILE` or ' +
        '`protoc --include_imports --descriptor_set_out=FILE`',
      { cause },
    );
  }
}
