import { describe, expect, test } from 'vitest';
import { WorkloadApiError } from '../workload-api-error.js';
import { parseEndpointAddress } from './endpoint-address.js';

describe('accepted (W-4, W-5)', () => {
  test.each([
    ['unix:///run/spire/agent.sock', 'unix:///run/spire/agent.sock'],
    ['unix:/run/spire/agent.sock', 'unix:///run/spire/agent.sock'],
    ['unix:///run/a%20b.sock', 'unix:///run/a b.sock'],
    ['tcp://127.0.0.1:8000', 'ipv4:127.0.0.1:8000'],
    ['tcp://[::1]:8000', 'ipv6:[::1]:8000'],
    ['tcp://10.1.2.3:65535', 'ipv4:10.1.2.3:65535'],
    // RFC 3986 §3.2.3 and go-spiffe: any digits.
    ['tcp://127.0.0.1:080', 'ipv4:127.0.0.1:80'],
    ['tcp://127.0.0.1:0000008000', 'ipv4:127.0.0.1:8000'],
    ['tcp://[::ffff:127.0.0.1]:8000', 'ipv6:[::ffff:127.0.0.1]:8000'],
    ['unix:///run/a%3Fb%23c%25d:e', 'unix:///run/a?b#c%d:e'],
    // Decoded once, all of it, as grpc-go does with what go-spiffe hands to it.
    ['unix:///run/%c3%A4%2Fb%2520.sock', 'unix:///run/ä/b%20.sock'],
    [`unix:///run/-._~!$&'()*+,;=:@aZ0`, `unix:///run/-._~!$&'()*+,;=:@aZ0`],
    // Left to the kernel: what a dot segment means depends on symbolic links.
    ['unix:///run/../x//agent.sock', 'unix:///run/../x//agent.sock'],
    ['unix:////run/agent.sock', 'unix:////run/agent.sock'],
  ])('%s', (text, target) => {
    expect(parseEndpointAddress(text)).toMatchObject({ target, text });
  });

  test.each([
    ['tcp://127.0.0.1:1', true],
    ['tcp://169.254.1.1:1', true],
    ['tcp://[::1]:1', true],
    ['tcp://[0:0:0:0:0:0:0:1]:1', true],
    ['tcp://[fe80::1]:1', true],
    ['tcp://10.0.0.1:1', false],
    ['tcp://[fe8::1]:1', false],
    ['tcp://[2001:db8::1]:1', false],
    ['tcp://[::]:1', false],
  ])('%s is local: %s (W-6)', (text, local) => {
    expect(parseEndpointAddress(text)).toMatchObject({ kind: 'tcp', local });
  });
});

describe('refused with the right form in the message', () => {
  test.each([
    ['/run/spire/agent.sock', 'unix:///run/spire/agent.sock'],
    ['run/agent.sock', 'another scheme'],
    ['', 'another scheme'],
    ['unix:', 'absolute'],
    ['unix:run/agent.sock', 'absolute'],
    ['unix://run/agent.sock', 'three slashes'],
    ['unix://', 'three slashes'],
    ['unix:///run/agent.sock?x', 'query'],
    ['unix:///run/agent.sock#x', 'fragment'],
    ['unix:///run/%zz', 'percent'],
    ['unix:///run/%00', 'control'],
    ['unix:///run/a%0Ab', 'control'],
    ['unix:///run/a%E2%80%A8b', 'line break'],
    [`unix:///${'a'.repeat(107)}`, '107 bytes'],
    ['UNIX:///run/agent.sock', 'another scheme'],
    ['http://127.0.0.1:80', 'another scheme'],
    ['unix:///run/agent.sock\n', 'control'],
    [' unix:///run/agent.sock', 'white space'],
    ['tcp://localhost:8000', 'not a name'],
    ['tcp://127.0.0.1', 'port'],
    ['tcp://127.0.0.1:', 'port'],
    ['tcp://127.0.0.1:0', 'from 1 to 65535'],
    ['tcp://127.0.0.1:65536', 'from 1 to 65535'],
    ['tcp://127.0.0.1:+80', 'from 1 to 65535'],
    ['tcp://127.0.0.1:8000/', 'path'],
    ['tcp://127.0.0.1:8000/foo', 'path'],
    ['tcp://127.0.0.1:8000?x', 'query'],
    ['tcp://u@127.0.0.1:8000', 'user'],
    ['tcp://::1:8000', 'brackets'],
    ['tcp://[::1%25eth0]:8000', 'zone'],
    ['tcp:127.0.0.1:8000', 'another scheme'],
    ['tcp://127.1:8000', 'not a name'],
    ['tcp://0x7f.0.0.1:8000', 'not a name'],
    ['tcp://2130706433:8000', 'not a name'],
    ['tcp://[127.0.0.1]:8000', 'not a name'],
    ['tcp://[::1]:8000:1', 'not a name'],
    ['tcp://[::1]', 'port'],
    ['tcp://127.0.0.1:٨٠', 'port'],
    ['TCP://127.0.0.1:8000', 'another scheme'],
    ['unix:@abstract', 'absolute'],
    ['unix:///run/a\0b', 'control'],
    ['unix:///run/%ff', 'UTF-8'],
    ['unix:///run/%', 'percent'],
    ['unix:///run/%2', 'percent'],
    // RFC 3986 §3.3. go-spiffe takes these six, because Go's net/url escapes what should have been.
    ['unix:///run/a b.sock', 'written %20'],
    ['unix:///run/ä.sock', 'written %C3%A4'],
    ['unix:///run/😀.sock', 'written %F0%9F%98%80'],
    ['unix:///run/a"b.sock', 'written %22'],
    ['unix:///run/a\\b.sock', 'written %5C'],
    ['unix:///run/a[b].sock', 'written %5B'],
    ['unix:///run/\ud800.sock', 'does not hold the character'],
    ['unix:///run/a\u0085b.sock', 'written %C2%85'],
    ['unix:///run/agent.sock ', 'white space'],
    // go-spiffe takes these, and fails when it connects.
    ['unix:///run/agent.sock/', 'slash'],
    ['unix:///run/agent.sock%2F', 'slash'],
    ['unix:///', 'slash'],
    ['unix:/', 'slash'],
    // Empty, but set: no other component may be (Workload Endpoint §4). go-spiffe takes them.
    ['unix:///run/agent.sock?', 'query'],
    ['unix:///run/agent.sock#', 'fragment'],
    ['tcp://127.0.0.1:8000?', 'query'],
    ['tcp://127.0.0.1:8000#', 'fragment'],
    ['tcp://@127.0.0.1:8000', 'user'],
    ['unix:///run/a\tb', 'control'],
    ['unix:///run/a\x7fb', 'control'],
    ['tcp://127.0.0.1\0:8000', 'control'],
    ['tcp://127.0.0.1 :8000', 'not a name'],
    ['tcp://127.0.0.01:8000', 'not a name'],
    ['tcp://%31.0.0.1:8000', 'not a name'],
    ['tcp://127.0.0.1:000', 'from 1 to 65535'],
    ['tcp://127.0.0.1:-1', 'from 1 to 65535'],
    ['tcp://127.0.0.1:8e3', 'from 1 to 65535'],
    ['tcp://127.0.0.1: 80', 'from 1 to 65535'],
    ['tcp://127.0.0.1:80 80', 'from 1 to 65535'],
    [`tcp://127.0.0.1:${'9'.repeat(400)}`, 'from 1 to 65535'],
    ['tcp://[fe80::1%25eth0]:8000', 'zone'],
    ['tcp://[fe80::1%eth0]:8000', 'zone'],
    ['tcp://[::1]8000', 'port'],
  ])('%j', (text, why) => {
    let error: unknown;
    try {
      parseEndpointAddress(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(WorkloadApiError);
    expect(error).toMatchObject({ code: 'address_invalid' });
    expect(String(error)).toContain(why);
    expect(String(error)).toContain('unix:///absolute/path/to/agent.sock');
  });

  test('a path of exactly 107 bytes is accepted', () => {
    expect(parseEndpointAddress(`unix:///${'a'.repeat(106)}`)).toMatchObject({ kind: 'unix' });
  });
});
