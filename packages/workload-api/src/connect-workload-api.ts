import { locateEndpoint } from './calls/locate-endpoint.js';
import { type ConnectWorkloadApiOptions, readSettings } from './connect-options.js';
import { FirstUpdate } from './live/first-update.js';
import { LiveWorkloadApi } from './live/live-workload-api.js';
import type { WorkloadApi } from './workload-api.js';
import { WorkloadApiError } from './workload-api-error.js';

/**
 * Connects to the SPIFFE Workload API and resolves once the first state is there: our SVIDs checked against each other and
 * their bundle, the bundles of our own and the federated trust domains. From then on it is kept up to date in the
 * background, through restarts of the agent; each update is visible as a whole or not at all, with one exception: where all of it
 * can be read, but an own bundle does not prove its SVID now, the bundles take effect, so that trust which was taken away is gone,
 * and the SVIDs from before stay. The agent itself is not authenticated: whoever can put a socket at that path gives out our
 * identity. `crl` is not evaluated.
 *
 * Holds connections to the endpoint, and with them the process, until closed.
 *
 * @throws WorkloadApiError `address_missing`, `address_invalid`, `address_not_a_socket`, `option_invalid`,
 * `first_update_timeout`, `request_refused`, `not_supported`, `aborted`
 */
export async function connectWorkloadApi(options: ConnectWorkloadApiOptions = {}): Promise<WorkloadApi> {
  const settings = readSettings(options);
  const endpoint = await locateEndpoint(options.address, settings.logger);
  if (options.signal?.aborted) throw new WorkloadApiError('aborted', 'connecting was aborted', { cause: options.signal.reason });
  const api = new LiveWorkloadApi(endpoint, settings);
  const first = new FirstUpdate({
    endpoint: endpoint.text,
    need: settings.need,
    timeoutMs: settings.firstUpdateTimeoutMs,
    signal: options.signal,
  });
  api.start(first);
  try {
    await first.done;
  } catch (error) {
    await api.close();
    throw error;
  }
  return api;
}
