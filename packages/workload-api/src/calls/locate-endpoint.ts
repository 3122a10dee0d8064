import { stat } from 'node:fs/promises';
import { WorkloadApiError } from '../workload-api-error.js';
import type { WorkloadApiLogger } from '../workload-api-logger.js';
import { ENDPOINT_VARIABLE, type EndpointAddress, parseEndpointAddress } from './endpoint-address.js';

/**
 * The endpoint to use: `address`, else the environment's, else nothing (W-3). A socket that is not there yet is fine; a
 * path that is something else will not become a socket by waiting.
 *
 * @throws WorkloadApiError `address_missing`, `address_invalid`, `address_not_a_socket`
 */
export async function locateEndpoint(address: string | undefined, logger: WorkloadApiLogger): Promise<EndpointAddress> {
  const fromEnvironment = process.env[ENDPOINT_VARIABLE];
  const text = address ?? fromEnvironment;
  if (address !== undefined && fromEnvironment && fromEnvironment !== address) {
    logger.info(`the address option is used, not ${ENDPOINT_VARIABLE} (${JSON.stringify(fromEnvironment.slice(0, 200))})`);
  }
  if (text === undefined || text === '') {
    throw new WorkloadApiError(
      'address_missing',
      `no Workload API address: set ${ENDPOINT_VARIABLE}=unix:///path/to/agent.sock, or pass { address }`,
    );
  }
  const endpoint = parseEndpointAddress(text);
  if (endpoint.kind === 'unix') {
    await requireSocket(endpoint.path);
  } else if (!endpoint.local) {
    // W-6: over a network the endpoint can hardly tell who is calling.
    logger.warn(`${endpoint.text} is neither loopback nor link-local: identities and keys travel there without encryption`);
  }
  return endpoint;
}

async function requireSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found || found.isSocket()) return;
  const what = found.isDirectory() ? 'a directory' : found.isFile() ? 'a regular file' : 'no socket';
  throw new WorkloadApiError('address_not_a_socket', `${path} is ${what}; the Workload API's address names the agent's socket`);
}
