import { SearchRecordQueryType } from '@dirgate/directory';
import { type Attempt, bidi, serverStream } from '@dirgate/harness';
import { matchId } from '@dirgate/spiffe';
import { connectWorkloadApi } from '@dirgate/workload-api';
import { DemoClient } from './demo-client.js';
import { SERVER_ID } from './demo-world.js';

const USAGE = `SPIFFE_ENDPOINT_SOCKET=unix:///… node integration/demo/dist/call.js ADDRESS search NAME | pull CID

Calls the demo's Directory with the JWT-SVID of the workload that the socket belongs to.
  search NAME   the CIDs of records with that name; * and ? are wildcards
  pull CID      one record
Exit code: 0 OK, 1 refused or failed, 2 not called right.
`;

async function main([address, command, value]: readonly string[]): Promise<number> {
  if (address === undefined || value === undefined || (command !== 'search' && command !== 'pull')) {
    process.stderr.write(USAGE);
    return 2;
  }
  await using identity = await connectWorkloadApi({ firstUpdateTimeoutMs: 5000 });
  using client = new DemoClient({ address, identity, server: matchId(SERVER_ID), present: 'jwt', audience: SERVER_ID });
  const attempt: Attempt =
    command === 'search'
      ? await serverStream(client.search.searchCIDs({ queries: [{ type: SearchRecordQueryType.NAME, value }] }))
      : await bidi(client.store.pull(), [{ cid: value }]);
  for (const answer of attempt.answers) {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.stderr.write(`${attempt.status} ${attempt.details}\n`);
  return attempt.status === 'OK' ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
