/** The trace and the span of a caller, as hexadecimal text. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
}

const FORM = /^(?<version>[0-9a-f]{2})-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-[0-9a-f]{2}(?<more>-.*)?$/;
/** No version defines more than this, and what a caller wrote beyond it is not worth a look. */
const MAX_LENGTH = 512;
const ONLY_ZEROS = /^0+$/;

/**
 * Reads the values of a `traceparent` header (W3C Trace Context §3.2). `undefined` when there is not exactly one, or it is
 * not of valid form: a trace is told to the log as the caller claims it, and is no reason to refuse.
 */
export function parseTraceParent(values: readonly string[] = []): TraceParent | undefined {
  const [value = ''] = values;
  const { version, traceId, spanId, more } =
    (values.length === 1 && value.length <= MAX_LENGTH && FORM.exec(value)?.groups) || {};
  if (traceId === undefined || spanId === undefined || ONLY_ZEROS.test(traceId) || ONLY_ZEROS.test(spanId)) {
    return undefined;
  }
  const known = version !== 'ff' && (version !== '00' || more === undefined); // a later version may add fields
  return known ? { traceId, spanId } : undefined;
}
