import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { WorkloadApiError } from '../workload-api-error.js';
import { callFailureOf, describeFailure, errorOf } from './call-failure.js';

function ended(code: status, details = 'details'): unknown {
  return Object.assign(new Error(`${code}`), { code, details });
}

test.each([
  [status.INVALID_ARGUMENT, 'request_refused'],
  [status.UNIMPLEMENTED, 'not_supported'],
  [status.PERMISSION_DENIED, 'permission_denied'],
  [status.DEADLINE_EXCEEDED, 'timeout'],
  [status.UNAVAILABLE, 'unavailable'],
  [status.DATA_LOSS, 'unavailable'],
])('status %s is %s', (code, expected) => {
  const cause = ended(code);
  const error = errorOf('FetchX509SVID', callFailureOf(cause));
  expect(error).toMatchObject({ code: expected, cause, message: `FetchX509SVID: ${status[code]}: details` });
});

test('a message that we could not use is none of the endpoint’s statuses', () => {
  const failure = callFailureOf(new Error('of no use'));
  expect(errorOf('FetchX509SVID', failure)).toMatchObject({ code: 'response_invalid', message: 'FetchX509SVID: of no use' });
  const own = new WorkloadApiError('svid_not_selected', 'none');
  expect(errorOf('FetchX509SVID', callFailureOf(own))).toBe(own);
});

test('the one line that matters', () => {
  const details = 'No connection established. Last error: Error: connect ENOENT /x.sock. Resolution note: ';
  expect(describeFailure('FetchX509SVID', callFailureOf(ended(status.UNAVAILABLE, details)))).toBe(
    'FetchX509SVID: UNAVAILABLE: connect ENOENT /x.sock',
  );
});

test('what an endpoint says is one line, and not a long one (TG-8)', () => {
  const said = (details: string) => describeFailure('FetchX509SVID', callFailureOf(ended(status.INTERNAL, details)));
  expect(said('x'.repeat(256))).toBe(`FetchX509SVID: INTERNAL: ${'x'.repeat(256)}`);
  expect(said('x'.repeat(257))).toBe(`FetchX509SVID: INTERNAL: ${'x'.repeat(256)}…`);
  expect(said('one\r\ntwo\u2028three\u001b[31m\u202efour')).toBe('FetchX509SVID: INTERNAL: one two three [31m four');
});
