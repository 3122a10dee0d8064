import { isUtf8 } from 'node:buffer';
import { SpiffeError } from './spiffe-error.js';
import {
  type ExactNumber,
  isJsonObject,
  type JsonFault,
  type JsonObject,
  type JsonValue,
  parseStrictJsonExactly,
} from './strict-json.js';

/** Of one document, before it is parsed (B-18). */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** What kind of document is read; its errors begin with the word. A SPIFFE bundle is a JWK Set. */
export type BundleDocumentKind = 'jwks' | 'bundle_map';

const NAMES = { jwks: 'a JWK Set', bundle_map: 'a SPIFFE bundle map' } as const satisfies Record<BundleDocumentKind, string>;

/**
 * Reads the JSON of a document: size first, then UTF-8, then strict JSON with exact integers.
 *
 * @throws SpiffeError `…_too_large`, `…_malformed`, `…_duplicate_member`, `…_too_deep`
 */
export function readBundleDocument(document: string | Uint8Array, kind: BundleDocumentKind): JsonValue<ExactNumber> {
  return parseStrictJsonExactly(textOf(document, kind), (fault) => faultError(fault, kind));
}

/**
 * The elements of a JWK Set that are objects; an element that is none cannot be a key and is ignored like a key of an unknown kind.
 *
 * @throws SpiffeError `jwks_malformed` (B-1)
 */
export function readKeyElements(document: JsonValue<ExactNumber>): readonly JsonObject<ExactNumber>[] {
  const keys = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys)) throw new SpiffeError('jwks_malformed', 'a JWK Set is an object with an array named keys');
  return (keys as readonly JsonValue<ExactNumber>[]).filter((element) => isJsonObject(element));
}

/** Refuses a document that {@link readBundleDocument} would refuse for its size. */
export function requireDocumentSize(bytes: number, kind: BundleDocumentKind): void {
  if (bytes > MAX_DOCUMENT_BYTES) {
    throw new SpiffeError(`${kind}_too_large`, `${NAMES[kind]} has at most ${MAX_DOCUMENT_BYTES} bytes`);
  }
}

function textOf(document: string | Uint8Array, kind: BundleDocumentKind): string {
  if (typeof document === 'string') {
    // The first test is implied by the second, and spares it the walk over a huge text.
    requireDocumentSize(document.length, kind);
    requireDocumentSize(Buffer.byteLength(document), kind);
    return document;
  }
  if (!(document instanceof Uint8Array)) throw new SpiffeError(`${kind}_malformed`, `${NAMES[kind]} must be text or bytes`);
  requireDocumentSize(document.byteLength, kind);
  if (!isUtf8(document)) throw new SpiffeError(`${kind}_malformed`, `${NAMES[kind]} must be UTF-8`);
  return Buffer.from(document.buffer, document.byteOffset, document.byteLength).toString('utf8');
}

function faultError(fault: JsonFault, kind: BundleDocumentKind): SpiffeError {
  switch (fault) {
    case 'syntax':
      return new SpiffeError(`${kind}_malformed`, `${NAMES[kind]} must be JSON`);
    case 'duplicate-member':
      return new SpiffeError(`${kind}_duplicate_member`, `${NAMES[kind]} must not hold an object with two members of one name`);
    case 'depth':
      return new SpiffeError(`${kind}_too_deep`, `${NAMES[kind]} must not be nested so deeply`);
  }
}
