import { randomUUID } from 'node:crypto';
import type { DecisionInput } from '../gen/decision-input.js';
import { GuardError } from '../guard-error.js';
import { textOfFailure } from '../refusal.js';
import { asciiJson, RememberedTexts } from './ascii-json.js';
import type { DecisionEvent } from './decision-event.js';
import { InputText, NOT_WRITTEN, type PartText } from './decision-input-text.js';
import { DecisionMask, type MaskRule } from './decision-mask.js';

/** How decisions are written. */
export interface DecisionFormat {
  /** Names this process to whoever collects the lines, as OPA's `labels` do; an `id` is made when there is none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Name of the policy in `bundles`; default `directory`. */
  readonly bundle?: string;
  /** What must not be written beside the claims of tokens. */
  readonly mask?: readonly MaskRule[];
  /** Write the claims of tokens too; default `false`. */
  readonly keepClaims?: boolean;
  /** An input whose JSON text is larger is left out, and `/input` stands in `erased`; default 16,384. */
  readonly maxInputBytes?: number;
}

/** One event as one line of JSON, ASCII, without the line's end. @throws for an event that cannot be written */
export type DecisionFormatter = (event: DecisionEvent) => string;

const PATH = 'directory/authz/decision';
const DEFAULT_MAX_INPUT_BYTES = 16_384;
const NONE: readonly string[] = [];

/**
 * Writes events in OPA's decision log format (its `EventV1`); what that has no member for stands in `custom`. What calls
 * share (the caller, the method, the server) is written once and remembered by its object: nobody may write to those.
 *
 * @throws {GuardError} `config_invalid` for a mask or a bound that is none
 */
export function createDecisionFormatter(format: DecisionFormat = {}): DecisionFormatter {
  const { maxInputBytes = DEFAULT_MAX_INPUT_BYTES, mask = [], keepClaims = false } = format;
  if (!(maxInputBytes >= 0)) {
    throw new GuardError('config_invalid', `maxInputBytes must not be negative; got ${maxInputBytes}`);
  }
  const writer = new LineText(format, new DecisionMask(mask, keepClaims), maxInputBytes);
  return (event) => writer.of(event);
}

class LineText {
  readonly #mask: DecisionMask;
  readonly #input: InputText;
  readonly #texts = new RememberedTexts();
  readonly #instants = new InstantText();
  readonly #head: string;
  readonly #bundle: string;
  /** Members that repeat what the input or the result holds: they are hidden together with it. */
  readonly #hidden: Readonly<Record<'subject' | 'credential' | 'method' | 'type' | 'id' | 'address' | 'reasons', boolean>>;

  constructor({ labels, bundle = 'directory' }: DecisionFormat, mask: DecisionMask, maxInputBytes: number) {
    this.#mask = mask;
    this.#input = new InputText(mask, this.#texts, maxInputBytes);
    this.#head = `{"labels":${asciiJson({ id: randomUUID(), ...labels })},"decision_id":`;
    this.#bundle = asciiJson(bundle);
    this.#hidden = {
      subject: mask.hides('input', 'subject', 'id'),
      credential: mask.hides('input', 'subject', 'properties', 'credential'),
      method: mask.hides('input', 'action', 'name'),
      type: mask.hides('input', 'resource', 'type'),
      id: mask.hides('input', 'resource', 'id'),
      address: mask.hides('input', 'context', 'peer_address'),
      reasons: mask.reaches('result', 'reasons'),
    };
  }

  of(event: DecisionEvent): string {
    const { input, code, traceId, spanId, revision } = event;
    const answered = code === 'allowed' || code === 'policy_denied';
    const asked = input && this.#asked(input);
    const result = answered ? this.#result(event) : undefined;
    let line = this.#head + asciiJson(event.id);
    if (asked?.text !== undefined) line += `,"path":"${PATH}","input":${asked.text}`;
    else if (answered || asked !== undefined) line += `,"path":"${PATH}"`;
    if (result?.text !== undefined) line += `,"result":${result.text}`;
    line += pointers('erased', asked?.erased, result?.erased) + pointers('masked', asked?.masked, result?.masked);
    const error = answered ? undefined : textOfFailure(code);
    if (error !== undefined) line += `,"error":{"code":"${code}","message":"${error}"}`;
    if (revision !== undefined) line += `,"bundles":{${this.#bundle}:{"revision":${this.#texts.of(revision)}}}`;
    if (traceId !== undefined && spanId !== undefined) line += `,"trace_id":"${traceId}","span_id":"${spanId}"`;
    if (!this.#hidden.address) line += `,"requested_by":${this.#texts.of(event.peerAddress)}`;
    return `${line},"timestamp":"${this.#instants.of(event.time)}","custom":${this.#custom(event, asked, answered)}}`;
  }

  /** What a service describes may be nothing that JSON can say: the decision is written all the same. */
  #asked(input: DecisionInput): PartText {
    try {
      return this.#input.of(input);
    } catch {
      return NOT_WRITTEN;
    }
  }

  /** What the input and the result do not say. */
  #custom(event: DecisionEvent, asked: PartText | undefined, answered: boolean): string {
    const { step, allow, code, credential, generation, rule, undescribed, shadow } = event;
    let text = `{"step":"${step}","allow":${allow},"code":"${code}"`;
    if (credential !== undefined && !this.#hidden.credential) text += `,"credential":"${credential}"`;
    if (generation !== undefined) text += `,"generation":${generation}`;
    if (rule !== undefined) text += `,"rule":${this.#texts.of(rule)}`;
    if (undescribed === true) text += ',"undescribed":true';
    if (asked?.text === undefined) text += this.#facts(event);
    if (!answered && !this.#hidden.reasons) text += `,"reasons":${this.#texts.ofAll(event.reasons)}`;
    if (shadow !== undefined) {
      text += `,"shadow":${asciiJson(this.#hidden.reasons ? { ...shadow, reasons: undefined } : shadow)}`;
    }
    return `${text}}`;
  }

  /** Who and what, for a line without an input. */
  #facts({ method, subject, resource }: DecisionEvent): string {
    const hidden = this.#hidden;
    let text = hidden.method ? '' : `,"method":${this.#texts.of(method)}`;
    if (subject !== undefined && !hidden.subject) text += `,"subject":${this.#texts.of(subject)}`;
    if (resource !== undefined) {
      const { type, id } = resource;
      text += `,"resource":${asciiJson({ type: hidden.type ? undefined : type, id: hidden.id ? undefined : id })}`;
    }
    return text;
  }

  #result({ allow, reasons }: DecisionEvent): PartText {
    return this.#mask.touches('result')
      ? this.#mask.apply('result', { allow, reasons })
      : { text: `{"allow":${allow},"reasons":${this.#texts.ofAll(reasons)}}`, erased: NONE, masked: NONE };
  }
}

function pointers(name: string, first: readonly string[] = NONE, second: readonly string[] = NONE): string {
  return first.length + second.length === 0 ? '' : `,"${name}":${asciiJson([...first, ...second])}`;
}

/** Instants as RFC 3339 text. Most fall in the same second as the one before. */
class InstantText {
  #second = Number.NaN;
  #text = '';

  /** @throws {RangeError} for what is no time */
  of(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#text = new Date(second * 1000).toISOString().slice(0, -4);
      this.#second = second;
    }
    return `${this.#text}${String(Math.floor(ms) - second * 1000).padStart(3, '0')}Z`;
  }
}
