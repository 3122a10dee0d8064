import { GuardError } from '../guard-error.js';
import { Failure } from '../refusal.js';
import type { Catalogue, MessageRule } from './catalogue.js';
import { layoutOf, type MessageGenerator } from './message-generator.js';
import { createResourceReader, type Resource, type ResourceReader } from './resources.js';

/** What a policy would be told of a message, `describe` left aside. One resource is one decision. */
export type MessageReader = (method: string, phase: 'request' | 'response', message: unknown) => readonly Resource[];

/**
 * Reads messages as a guard with this catalogue would: for tests of a catalogue. The reader throws {@link GuardError}
 * `message_unreadable` for a message that a guard would refuse without asking the policy, and `config_invalid` for a
 * method or a phase that the catalogue does not read.
 *
 * @throws {GuardError} `config_invalid`
 */
export function createMessageReader({
  catalogue,
  messages = 'protobuf-es',
}: {
  readonly catalogue: Catalogue;
  /** As for {@link createGuard}. */
  readonly messages?: MessageGenerator;
}): MessageReader {
  const layout = layoutOf(messages);
  const readers = new Map<MessageRule, ResourceReader>();
  return (method, phase, message) => {
    const rule = catalogue.get(method)?.[phase];
    if (rule === undefined) {
      throw new GuardError('config_invalid', `catalogue: ${method} has no rule for its ${phase} messages`);
    }
    const reader = readers.get(rule) ?? createResourceReader(rule, layout, phase === 'request' ? 'received' : 'sent');
    readers.set(rule, reader);
    try {
      return reader(message);
    } catch (error) {
      throw error instanceof Failure
        ? new GuardError('message_unreadable', `${method} ${phase}: ${[error.code, ...error.reasons].join(', ')}`)
        : error;
    }
  };
}
