import { sizeOfResource } from '../catalogue/resource-size.js';
import type { DecisionInput } from '../gen/decision-input.js';
import { asciiJson, type RememberedTexts } from './ascii-json.js';
import type { DecisionMask, MaskedPart, MaskedText } from './decision-mask.js';

/** The text of an input, or of a part of it. */
export type PartText = MaskedText;

const NONE: readonly string[] = [];
/** Instead of an input that is too large, or no JSON. */
export const NOT_WRITTEN: PartText = { text: undefined, erased: ['/input'], masked: NONE };

/** Writes the input of a decision as JSON: masked, bounded, and without writing anew what calls share. */
export class InputText {
  readonly #mask: DecisionMask;
  readonly #texts: RememberedTexts;
  readonly #maxBytes: number;
  /** `{"subject":…,"action":…` by the objects of the two. */
  readonly #openings = new WeakMap<object, Map<object, PartText>>();
  readonly #servers = new WeakMap<object, string>();

  constructor(mask: DecisionMask, texts: RememberedTexts, maxBytes: number) {
    this.#mask = mask;
    this.#texts = texts;
    this.#maxBytes = maxBytes;
  }

  /** The text is `undefined` when the input is too large, or masked as a whole. */
  of({ subject, action, resource, context }: DecisionInput): PartText {
    const whole = this.#mask.wholeInput;
    if (whole !== undefined) {
      return { text: undefined, erased: [whole], masked: NONE };
    }
    if (sizeOfResource(resource) > this.#maxBytes) {
      return NOT_WRITTEN; // writing it only to throw it away would hold up the calls
    }
    const opening = this.#opening(subject, action);
    const asked = this.#resource(resource);
    const { text, erased, masked } = joined(opening, 'resource', asked, 'context', this.#context(context));
    return text === undefined || text.length >= this.#maxBytes ? NOT_WRITTEN : { text: `${text}}`, erased, masked };
  }

  #opening(subject: DecisionInput['subject'], action: DecisionInput['action']): PartText {
    let ofActions = this.#openings.get(subject);
    if (ofActions === undefined) {
      ofActions = new Map();
      this.#openings.set(subject, ofActions);
    }
    let opening = ofActions.get(action);
    if (opening === undefined) {
      opening = joined(START, 'subject', this.#part('subject', subject), 'action', this.#part('action', action));
      ofActions.set(action, opening);
    }
    return opening;
  }

  #resource(resource: DecisionInput['resource']): PartText {
    if (this.#mask.touches('resource')) {
      return this.#mask.apply('resource', resource);
    }
    const { type, id, properties } = resource;
    const named = id === undefined ? '' : `,"id":${asciiJson(id)}`;
    return { text: `{"type":${this.#texts.of(type)}${named},"properties":${asciiJson(properties)}}`, erased: NONE, masked: NONE };
  }

  #context(context: DecisionInput['context']): PartText {
    if (this.#mask.touches('context')) {
      return this.#mask.apply('context', context);
    }
    const { server, time_ms, peer_address } = context;
    let opening = this.#servers.get(server);
    if (opening === undefined) {
      opening = `{"server":${asciiJson(server)},"time_ms":`;
      this.#servers.set(server, opening);
    }
    const address = peer_address === undefined ? '' : `,"peer_address":${this.#texts.of(peer_address)}`;
    return { text: `${opening}${asciiJson(time_ms)}${address}}`, erased: NONE, masked: NONE };
  }

  #part(part: MaskedPart, value: object): PartText {
    return part === 'subject' || this.#mask.touches(part)
      ? this.#mask.apply(part, value)
      : { text: asciiJson(value), erased: NONE, masked: NONE };
  }
}

const START: PartText = { text: '{', erased: NONE, masked: NONE };

/** Two more members behind an opening. One that was removed as a whole is left out. */
function joined(opening: PartText, name: string, first: PartText, secondName: string, second: PartText): PartText {
  let text = opening.text ?? '';
  if (first.text !== undefined) text += `${text === '{' ? '' : ','}"${name}":${first.text}`;
  if (second.text !== undefined) text += `${text === '{' ? '' : ','}"${secondName}":${second.text}`;
  return {
    text,
    erased: listed(opening.erased, first.erased, second.erased),
    masked: listed(opening.masked, first.masked, second.masked),
  };
}

function listed(first: readonly string[], second: readonly string[], third: readonly string[]): readonly string[] {
  return second.length + third.length === 0 ? first : [...first, ...second, ...third];
}
