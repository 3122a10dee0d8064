import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { ROOT } from './workspace.mjs';

const LIMIT_MS = 30_000;
const CLAIMS = '/input/subject/properties/claims';
const REVISION = 'r1';

const input = {
  subject: {
    type: 'workload',
    id: 'spiffe://prod.example/agent/a1',
    properties: {
      trust_domain: 'prod.example',
      path: ['agent', 'a1'],
      credential: 'jwt-svid',
      federated: false,
      audience: ['spiffe://prod.example/dir'],
      claims: { sub: 'spiffe://prod.example/agent/a1', secret: 'canary' },
      peer: null,
    },
  },
  action: {
    name: '/agntcy.dir.store.v1.StoreService/Push',
    properties: { service: 'agntcy.dir.store.v1.StoreService', method: 'Push', class: 'write', phase: 'request' },
  },
  resource: { type: 'record', id: 'cid', properties: { name: 'prod.example/a1/x', skills: ['é'] } },
  context: { server: { trust_domain: 'prod.example' }, time_ms: 1_795_330_350_000, peer_address: '192.0.2.1:7' },
};

/**
 * Lets a real OPA judge an input and report it, reports the same decision ourselves, and compares what a collector of OPA's logs
 * gets of the two: the requests, and each member of the line. Answers what differs and should not, a line each.
 */
export async function logFormatProblems(opa) {
  const folder = mkdtempSync(join(tmpdir(), 'dirgate-opa-log-'));
  const collector = new Collector();
  let server;
  try {
    const url = await collector.listen();
    writeBundle(join(folder, 'bundle'));
    const socket = join(folder, 'opa.sock');
    server = startOpa(opa, folder, socket, url);
    const result = await askOpa(server, socket);
    const [theirs] = await collector.next();
    server.kill();
    await uploadOurs(url, result);
    const [ours] = await collector.next();
    return differences(theirs, ours).join('\n');
  } finally {
    server?.kill('SIGKILL');
    await collector.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Collector {
  #requests = [];
  #arrived = () => undefined;
  #server = createServer(async (incoming, response) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method, url, headers } = incoming;
    this.#requests.push({ method, url, headers, events: JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) });
    response.end();
    this.#arrived();
  });

  async listen() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  async next() {
    const arrived = new Promise((resolve) => {
      this.#arrived = resolve;
    });
    if (this.#requests.length === 0) await Promise.race([arrived, delay(LIMIT_MS, undefined, { ref: false })]);
    if (this.#requests.length === 0) throw new Error('no decision log came within 30 s');
    return this.#requests.splice(0);
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function writeBundle(folder) {
  cpSync(join(ROOT, 'policies', 'directory'), join(folder, 'directory'), {
    recursive: true,
    filter: (path) => !path.endsWith('_test.rego'),
  });
  writeFileSync(join(folder, 'mask.rego'), `package system.log\n\nmask contains "${CLAIMS}"\n`);
  writeFileSync(join(folder, '.manifest'), JSON.stringify({ revision: REVISION, roots: ['directory', 'system/log'] }));
}

function startOpa(opa, folder, socket, url) {
  const settings = {
    'services.collector.url': url,
    'bundles.directory.resource': `file://${join(folder, 'bundle')}`,
    'decision_logs.service': 'collector',
    'decision_logs.reporting.min_delay_seconds': 1,
    'decision_logs.reporting.max_delay_seconds': 1,
    'labels.app': 'log-format',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const server = spawn(
    opa,
    ['run', '--server', '--addr', `unix://${socket}`, '--disable-telemetry', '--log-level', 'error', ...flags],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  server.said = '';
  server.stderr.on('data', (chunk) => {
    server.said += chunk;
  });
  return server;
}

async function askOpa(server, socket) {
  for (const until = Date.now() + LIMIT_MS; Date.now() < until && server.exitCode === null; await delay(50)) {
    if (existsSync(socket)) {
      const answer = await post(socket, '/v1/data/directory/authz/decision', { input }).catch(() => undefined);
      if (answer?.result !== undefined) return answer.result;
    }
  }
  throw new Error(`opa run --server did not answer: ${server.said}`);
}

function post(socketPath, path, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, path, method: 'POST', headers: { 'content-type': 'application/json' } },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve(JSON.parse(text));
      },
    );
    outgoing.on('error', reject).end(JSON.stringify(body));
  });
}

async function uploadOurs(url, { allow, reasons }) {
  const { openDecisionUpload } = await import(`${ROOT}/packages/guard/dist/index.js`);
  const upload = openDecisionUpload({ url, labels: { app: 'log-format' } });
  upload.onDecision({
    id: 'ours-1',
    time: Date.now(),
    method: input.action.name,
    step: 'request',
    allow,
    code: allow ? 'allowed' : 'policy_denied',
    reasons,
    credential: 'jwt-svid',
    generation: 1,
    revision: REVISION,
    peerAddress: '192.0.2.1:7',
    input,
  });
  await upload.close();
}

/** What OPA measures and numbers for itself, and what is ours. */
const ONLY_THEIRS = ['metrics', 'req_id', 'rule_labels', 'ids'];
const ONLY_OURS = ['custom'];
/** Equal in their form alone. */
const FORM = {
  decision_id: /^.+$/,
  requested_by: /^\S+$|^$/,
  timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
};

function differences(theirs, ours) {
  const problems = [];
  for (const name of ['method', 'url'])
    if (theirs[name] !== ours[name]) problems.push(`${name}: ${theirs[name]} and ours ${ours[name]}`);
  for (const name of ['content-type', 'content-encoding'])
    if (theirs.headers[name] !== ours.headers[name])
      problems.push(`${name}: ${theirs.headers[name]} and ours ${ours.headers[name]}`);
  const [their, our] = [theirs.events.at(-1), ours.events.at(-1)];
  for (const name of new Set([...Object.keys(their), ...Object.keys(our)])) {
    if (ONLY_THEIRS.includes(name) && !(name in our)) continue;
    if (ONLY_OURS.includes(name) && !(name in their)) continue;
    if (
      name in FORM
        ? !FORM[name].test(their[name]) || !FORM[name].test(our[name])
        : !isDeepStrictEqual(comparable(name, their), comparable(name, our))
    )
      problems.push(`${name}: ${JSON.stringify(their[name])} and ours ${JSON.stringify(our[name])}`);
  }
  return problems;
}

/** Labels name the process that made the line, OPA's with its version. */
function comparable(name, event) {
  if (name !== 'labels') return event[name];
  const { id, version: _, ...labels } = event.labels;
  return { ...labels, id: typeof id };
}
