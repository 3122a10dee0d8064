import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import type { LoadPolicyOptions } from '../load-options.js';
import { loadPolicy } from '../load-policy.js';
import type { Policy } from '../policy.js';
import type { LivePolicy } from '../policy-source.js';
import { type PackedEntry, packBundle, shippedBundle, unpackBundle, withEntry } from './pack-bundle.js';

/** A folder with the shipped bundle and grants of its own, and the policy that was opened from them. */
export interface LivePolicyFolder {
  readonly path: string;
  readonly bundle: string;
  readonly data: string;
  readonly shipped: readonly PackedEntry[];
  /** Nothing but `refresh()` looks, unless a test says otherwise. The policy is closed after the test. */
  open(options?: Partial<LoadPolicyOptions>): Promise<LivePolicy<Policy | undefined>>;
  /** The shipped bundle with another content that means the same. */
  marked(mark: string): Promise<Uint8Array>;
}

/** A fresh folder for each test of the file that calls this. */
export function usePolicyFolder(): LivePolicyFolder {
  let shipped: readonly PackedEntry[] = [];
  let path = '';
  let live: LivePolicy<Policy | undefined> | undefined;
  const folder: LivePolicyFolder = {
    get path() {
      return path;
    },
    get bundle() {
      return join(path, 'bundle.tar.gz');
    },
    get data() {
      return join(path, 'grants.yaml');
    },
    get shipped() {
      return shipped;
    },
    open: async (options = {}) => {
      const { bundle, data } = folder;
      live = await loadPolicy({ bundle, data, watch: false, ...options } as LoadPolicyOptions);
      return live;
    },
    marked: (mark) => packBundle(withEntry(shipped, '/mark.txt', mark)),
  };
  beforeAll(async () => {
    shipped = await unpackBundle(shippedBundle);
  });
  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'dirgate-live-'));
    writeFileSync(folder.bundle, await packBundle(shipped));
    writeFileSync(folder.data, grantsFor('one'));
  });
  afterEach(async () => {
    await live?.close();
    live = undefined;
    rmSync(path, { recursive: true });
  });
  return folder;
}

export function grantsFor(name: string): string {
  return `ids:\n  spiffe://a.example/${name}:\n    - roles: [admin]\n`;
}

export function allows(policy: Policy | undefined, name: string): boolean | undefined {
  return policy?.decide({
    subject: { type: 'workload', id: `spiffe://a.example/${name}`, properties: { trust_domain: 'a.example', path: [name] } },
    action: { properties: { class: 'read', phase: 'call', service: 's' } },
    resource: { type: 'service', properties: {} },
  }).allow;
}

/** By a rename, as whoever replaces a file should. */
export function replace(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
