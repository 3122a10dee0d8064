import { describe, expect, test } from 'vitest';
import { parseEndpointAddress } from './endpoint-address.js';
import { WorkloadApiError } from './workload-api-error.js';

describe('accepted (W-4, W-5)', () => {
  test.each([
    ['unix:///run/spire/agent.sock', 'unix:///run/spire/agent.sock'],
    ['unix:/run/spire/agent.sock', 'unix:///run/spire/agent.sock'],
    ['unix:///run/a%20b.sock', 'unix:///run/a b.sock'],
    ['tcp://127.0.0.1:8000', 'ipv4:127.0.0.1:8000'],
    ['tcp://[::1]:8000', 'ipv6:[::1]:8000'],
    ['tcp://10.1.2.3:65535', 'ipv4:10.1.2.3:65535'],
    ['tcp://127.0.0.1:080', 'ipv4:127.0.0.1:80'],
    ['unix:///run/a%3Fb%23c%25d:e', 'unix:///run/a?b#c%d:e'],
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
    ['tcp://127.0.0.1:0', 'port'],
    ['tcp://127.0.0.1:65536', 'port'],
    ['tcp://127.0.0.1:+80', 'port'],
    ['tcp://127.0.0.1:8000/', 'path'],
    ['tcp://127.0.0.1:8000/foo', 'path'],
    ['tcp://127.0.0.1:8000?x', 'query'],
    ['tcp://u@127.0.0.1:8000', 'user'],
    ['tcp://::1:8000', 'brackets'],
    ['tcp://[::1%25eth0]:8000', 'not a name'],
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
    ['unix:///run/%ff', 'percent'],
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
