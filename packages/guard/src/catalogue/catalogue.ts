import type { DescMessage } from '@bufbuild/protobuf';

/** What a method does, in the words that policies use. */
export type ActionClass = 'read' | 'search' | 'write' | 'delete' | 'publish' | 'sync' | 'admin';

/**
 * When a call is judged: before any message (`call`), once per request message (`request`), once per response message
 * (`response`).
 */
export type Phase = 'call' | 'request' | 'response';

/**
 * How one kind of resource is read out of a message.
 *
 * Field paths use proto names (`record_refs.refs[].cid`); `[]` behind a name means "each element". Below a
 * `google.protobuf.Struct` the names are the JSON members (`data.skills[].name`), below a map its keys. A path to a
 * value must end at a string, that of a property at a string or a whole number of 32 bits. One that is absent, empty or 0, or a
 * JSON value of another type than string, leaves the property out.
 */
export interface ResourceRule {
  /** `resource.type` of the policy input. */
  readonly type: string;
  /**
   * The rule applies only when this field is set: a member of a oneof, a message, or an `optional` field. The first
   * rule that applies counts.
   */
  readonly when?: string;
  /** Field path of `resource.id`. With `[]` in it the message names several resources, and each is judged. */
  readonly id?: string;
  /** `resource.properties`, each with the field path it is read from. With `[]` the value is an array. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Properties that follow from the rule itself. */
  readonly constants?: Readonly<Record<string, string>>;
  /**
   * Field path of the id of the record that `describe` is asked about; what it answers is added to `properties`.
   * With a repeated `id` it is that same path.
   */
  readonly describedBy?: string;
}

/** How the resources of one message are read. Made by {@link createCatalogue}, which checked it. */
export interface MessageRule {
  /** The type of the message. Any other message is refused. */
  readonly message: DescMessage;
  /** In order; the first whose `when` holds applies. None applies: the message is refused. */
  readonly resources: readonly ResourceRule[];
}

/** What the guard knows of one method. */
export interface MethodRule {
  readonly class: ActionClass;
  /** Phases that can be judged. `call` is always among them. */
  readonly phases: readonly Phase[];
  /** Present when `phases` has `request`. */
  readonly request?: MessageRule;
  /** Present when `phases` has `response`. */
  readonly response?: MessageRule;
  /**
   * What becomes of a request stream when one of its messages is refused. `half-close`: the handler sees the end of its
   * requests, its answers to what was allowed pass, and its OK becomes the refusal. `cancel`: the handler is cancelled
   * and never sees an end, so that nothing half is committed. Default: `half-close` where responses are a stream too,
   * otherwise `cancel`.
   */
  readonly refusedMessage?: 'half-close' | 'cancel';
}

/**
 * Every method that may be called, by its full path (`/package.Service/Method`). A method that is not here is refused.
 */
export type Catalogue = ReadonlyMap<string, MethodRule>;
