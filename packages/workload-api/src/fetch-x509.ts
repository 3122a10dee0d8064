import type { X509Bundle } from '@dirgate/spiffe';
import { readCallSettings, type WorkloadApiCallOptions } from './calls/call-options.js';
import { readFirstMessage } from './calls/first-message.js';
import { compileSelection } from './svid-selection.js';
import { readBundles } from './updates/read-bundles.js';
import { readX509BundlesUpdate } from './updates/x509-bundles-update.js';
import { readX509Update } from './updates/x509-update.js';
import { type X509Context, x509ContextOf } from './x509-context.js';

/**
 * Asks once for our X509-SVIDs (`FetchX509SVID`). On return each SVID's key, chain, ID and own bundle belong together and it is
 * valid now; a federated bundle that cannot be read was left out and told to the logger. `crl` is not evaluated. The agent
 * is not authenticated. To keep an identity up to date use `connectWorkloadApi`.
 *
 * @throws WorkloadApiError `permission_denied`, `unavailable`, `timeout`, `request_refused`, `not_supported`, `response_invalid`,
 * `aborted`, `option_invalid`, `address_missing`, `address_invalid`, `address_not_a_socket`
 */
export async function fetchX509Svids(options: WorkloadApiCallOptions = {}): Promise<X509Context> {
  const settings = await readCallSettings(options);
  const { maxBundles, maxFederatedBundleBytes, logger, clock } = settings;
  const context = { previous: undefined, maxBundles, maxFederatedBundleBytes, report: (text: string) => logger.warn(text) };
  const select = compileSelection({});
  const snapshot = await readFirstMessage('FetchX509SVID', settings, (message) =>
    readX509Update(message, { ...context, select, now: clock() }),
  );
  if (snapshot.refused) throw snapshot.refused;
  return x509ContextOf(snapshot);
}

/**
 * Asks once for the X.509 bundles of our own and the federated trust domains (`FetchX509Bundles`), by trust domain name; an identity
 * of our own is not needed for it where the endpoint allows that. A bundle that cannot be read was left out and told to the logger.
 * `crl` is not evaluated.
 *
 * @throws WorkloadApiError as {@link fetchX509Svids}
 */
export async function fetchX509Bundles(options: WorkloadApiCallOptions = {}): Promise<ReadonlyMap<string, X509Bundle>> {
  const settings = await readCallSettings(options);
  const { maxBundles, maxFederatedBundleBytes, logger, clock } = settings;
  const context = { previous: undefined, maxBundles, maxFederatedBundleBytes, report: (text: string) => logger.warn(text) };
  const snapshot = await readFirstMessage('FetchX509Bundles', settings, (message) =>
    readX509BundlesUpdate(message, { ...context, now: clock() }),
  );
  return readBundles(snapshot.bundles);
}
