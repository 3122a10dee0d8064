import { GuardError } from '../guard-error.js';
import type { MessageLayout } from './message-layout.js';
import { createProtoLoaderLayout, type ProtoLoaderOptions } from './proto-loader-layout.js';
import { protobufEsLayout } from './protobuf-es-layout.js';
import { createTsProtoLayout, type TsProtoOptions } from './ts-proto-layout.js';

/**
 * What made the code that turns bytes into the messages of a server: @bufbuild/protobuf, ts-proto or
 * @grpc/proto-loader, with those of its options that change what a message looks like. It is never guessed from a
 * message, of which a caller writes a part.
 */
export type MessageGenerator =
  | 'protobuf-es'
  | 'ts-proto'
  | 'proto-loader'
  | {
      readonly generator: 'ts-proto';
      /** As ts-proto's option `oneof`; default `properties`. */
      readonly oneof?: 'properties' | 'unions' | 'unions-value';
      /** Whether fields are in camelCase; default `true`. ts-proto's `snakeToCamel` of `false`, or without `keys`, is `false`. */
      readonly snakeToCamel?: boolean;
    }
  | {
      readonly generator: 'proto-loader';
      /** Whether fields are named as in the .proto file; default `false`: in camelCase. */
      readonly keepCase?: boolean;
    };

/** The layout of a generator's messages. @throws {GuardError} `config_invalid` */
export function layoutOf(messages: MessageGenerator): MessageLayout {
  const options: TsProtoOptions & ProtoLoaderOptions = typeof messages === 'object' ? messages : {};
  const generator = typeof messages === 'string' ? messages : messages?.generator;
  switch (generator) {
    case 'protobuf-es':
      requireOptions(messages, {});
      return protobufEsLayout;
    case 'ts-proto':
      requireOptions(messages, { oneof: ['properties', 'unions', 'unions-value'], snakeToCamel: [true, false] });
      return createTsProtoLayout(options);
    case 'proto-loader':
      requireOptions(messages, { keepCase: [true, false] });
      return createProtoLoaderLayout(options);
    default:
      throw new GuardError('config_invalid', 'messages must be "protobuf-es", "ts-proto" or "proto-loader"');
  }
}

function requireOptions(messages: MessageGenerator, allowed: Readonly<Record<string, readonly unknown[]>>): void {
  if (typeof messages === 'string') {
    return;
  }
  const { generator, ...options } = messages;
  for (const [name, value] of Object.entries(options)) {
    const values = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
    if (values === undefined) {
      throw new GuardError('config_invalid', `messages: ${generator} has no option "${name}" here`);
    }
    if (value !== undefined && !values.includes(value)) {
      throw new GuardError('config_invalid', `messages: ${name} must be one of ${values.join(', ')}`);
    }
  }
}
