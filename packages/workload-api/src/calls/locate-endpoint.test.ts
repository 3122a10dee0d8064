import { afterEach, expect, test, vi } from 'vitest';
import { SILENT_LOGGER } from '../test-support/silent-logger.js';
import { locateEndpoint } from './locate-endpoint.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('an address of a network is warned of: keys travel there without encryption (W-6)', async () => {
  const warn = vi.fn();
  const locate = (address: string) => locateEndpoint(address, { ...SILENT_LOGGER, warn });
  await locate('tcp://127.0.0.1:8000');
  await locate('tcp://[fe80::1]:8000');
  expect(warn).not.toHaveBeenCalled();
  expect(await locate('tcp://10.0.0.1:8000')).toMatchObject({ host: '10.0.0.1' });
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('neither loopback nor link-local'));
});

test('an empty variable is none (W-3)', async () => {
  vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', '');
  await expect(locateEndpoint(undefined, SILENT_LOGGER)).rejects.toMatchObject({ code: 'address_missing' });
  vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', 'tcp://127.0.0.1:8000');
  expect(await locateEndpoint(undefined, SILENT_LOGGER)).toMatchObject({ port: 8000 });
});
