// A real `opa run --server` as the twin: both poll one HTTP server for bundles, with ETags, and must decide alike, before and after a change.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { directoryCatalogue } from '../packages/directory/dist/index.js';
import { loadPolicy } from '../packages/policy/dist/index.js';
import { pack, unpack } from './policy-bundle.mjs';
import { randomQuestions } from './policy-random.mjs';
import { ROOT } from './workspace.mjs';

const limitMs = 30_000;

const randomInputs = 500;

/** `[name, problems]`. */
export async function twinReport(opa, seed) {
  const name = `opa run --server and loadPolicy decide alike, each of what one HTTP server has for it (${randomInputs} inputs, twice)`;
  return [name, await twinProblems(opa, randomQuestions(seed, randomInputs, directoryCatalogue))];
}

/** `inputs` judged with `grants`, and with none: what differs, a line each. */
async function twinProblems(opa, { grants, inputs }) {
  const folder = mkdtempSync(join(tmpdir(), 'dirgate-twin-'));
  const bundles = new BundleServer();
  let twin;
  let live;
  try {
    await bundles.serve(grants);
    const url = await bundles.listen();
    const socket = join(folder, 'opa.sock');
    twin = startOpa(opa, url, socket);
    live = await loadPolicy({ bundle: { url: `${url}/ours`, minDelayMs: 50, maxDelayMs: 100 } });
    const problems = await differences(twin, socket, live, bundles, inputs);
    await bundles.serve({});
    problems.push(...(await differences(twin, socket, live, bundles, inputs)));
    for (const path of ['/opa', '/ours']) if (!bundles.unchanged.has(path)) problems.push(`${path} was never answered with 304`);
    return problems.slice(0, 5).join('\n');
  } finally {
    await live?.close();
    twin?.process.kill('SIGKILL');
    await bundles.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class BundleServer {
  revision = 0;
  /** Paths that a request with the right ETag came for. */
  unchanged = new Set();
  #bundles = new Map();
  #server = createServer(({ url, headers }, response) => {
    const { bytes, etag } = this.#bundles.get(url) ?? {};
    const isUnchanged = headers['if-none-match'] === etag;
    if (isUnchanged) this.unchanged.add(url);
    if (bytes === undefined) response.writeHead(404).end();
    else if (isUnchanged) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { etag, 'content-type': 'application/gzip' }).end(bytes);
  });

  /** The shipped bundle with grants of its own; for OPA, which has no engine for the module, its sources. */
  async serve(grants) {
    this.revision += 1;
    const files = await unpack(gunzipSync(readFileSync(`${ROOT}/policies/dist/directory.tar.gz`)));
    const { wasm, ...manifest } = { ...JSON.parse(files.get('.manifest').toString()), revision: `${this.revision}` };
    files.set('data.json', Buffer.from(JSON.stringify({ directory: { grants } })));
    files.set('.manifest', Buffer.from(JSON.stringify({ ...manifest, wasm })));
    await this.#put('/ours', files);
    files.set('.manifest', Buffer.from(JSON.stringify(manifest)));
    files.delete('policy.wasm');
    // Those in the bundle lack the entrypoint, which the module has.
    for (const path of readdirSync(`${ROOT}/policies/directory`, { recursive: true })) {
      if (/(?<!_test)\.rego$/.test(path)) files.set(`directory/${path}`, readFileSync(`${ROOT}/policies/directory/${path}`));
    }
    await this.#put('/opa', files);
  }

  async #put(path, files) {
    const bytes = gzipSync(await pack(files));
    this.#bundles.set(path, { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex')}"` });
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function startOpa(opa, url, socket) {
  const settings = {
    'services.bundles.url': url,
    'bundles.directory.service': 'bundles',
    'bundles.directory.resource': 'opa',
    'bundles.directory.polling.min_delay_seconds': 1,
    'bundles.directory.polling.max_delay_seconds': 1,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const args = ['run', '--server', '--addr', `unix://${socket}`, '--skip-version-check', '--log-level', 'error', ...flags];
  const twin = { process: spawn(opa, args, { stdio: ['ignore', 'ignore', 'pipe'] }), said: '' };
  twin.process.stderr.on('data', (chunk) => {
    twin.said += chunk;
  });
  return twin;
}

async function differences(twin, socket, live, bundles, inputs) {
  const { revision } = bundles;
  await live.waitFor(() => live.status().bundleRevision === `${revision}`, { timeoutMs: limitMs });
  await untilOpaHas(twin, socket, `${revision}`);
  // Each has to come once more with the ETag of what it has.
  for (const until = Date.now() + limitMs; bundles.unchanged.size < 2 && Date.now() < until; ) await delay(50);
  const problems = [];
  for (const input of inputs) {
    const { result } = await ask(socket, '/v1/data/directory/authz/decision', { input });
    const { allow, reasons } = live.current().decide(input);
    const ours = { allow, reasons: [...reasons] };
    if (!isDeepStrictEqual(result, ours)) problems.push(JSON.stringify({ revision, input, opa: result, ours }));
  }
  return problems;
}

async function untilOpaHas(twin, socket, revision) {
  for (const until = Date.now() + limitMs; Date.now() < until && twin.process.exitCode === null; await delay(50)) {
    const answer = await ask(socket, '/v1/data/system/bundles/directory/manifest/revision', {}).catch(() => undefined);
    if (answer?.result === revision) return;
  }
  throw new Error(`opa run --server did not take bundle ${revision}: ${twin.said}`);
}

function ask(socketPath, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request({ socketPath, path, method: 'POST', headers }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(JSON.parse(text));
    });
    outgoing.on('error', reject).end(JSON.stringify(body));
  });
}
