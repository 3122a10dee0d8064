import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../test-support/error-of.js';
import { readBundleDirectory } from './bundle-directory.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dirgate-directory-'));
  mkdirSync(join(root, 'directory/authz'), { recursive: true });
  writeFileSync(join(root, 'policy.wasm'), 'wasm');
  writeFileSync(join(root, '.manifest'), '{}');
  writeFileSync(join(root, 'directory/authz/x.rego'), 'package x');
});
afterEach(() => rmSync(root, { recursive: true }));

const refusal = () => errorOf(() => readBundleDirectory(root));

describe('readBundleDirectory', () => {
  it('reads regular files at any depth', async () => {
    const files = await readBundleDirectory(root);
    expect([...files.keys()].sort()).toEqual(['.manifest', 'directory/authz/x.rego', 'policy.wasm']);
    expect(Buffer.from(files.get('policy.wasm') ?? []).toString()).toBe('wasm');
  });

  it('follows the link by which it is named', async () => {
    const link = `${root}-link`;
    symlinkSync(root, link);
    try {
      expect((await readBundleDirectory(link)).size).toBe(3);
    } finally {
      rmSync(link);
    }
  });

  it('refuses a symbolic link inside, whatever it leads to', async () => {
    for (const target of ['/etc/passwd', 'policy.wasm', '.', 'absent']) {
      symlinkSync(target, join(root, 'data.json'));
      const error = await refusal();
      expect(error.code).toBe('bundle_unsafe_entry');
      expect(error.message).toContain('"data.json" is a symbolic link');
      rmSync(join(root, 'data.json'));
    }
    expect((await readBundleDirectory(root)).size).toBe(3);
  });

  it('refuses a Kubernetes volume, and takes the version that it points to', async () => {
    const version = join(root, '..2026');
    mkdirSync(version);
    renameSync(join(root, 'policy.wasm'), join(version, 'policy.wasm'));
    symlinkSync('..2026', join(root, '..data'));
    symlinkSync('..data/policy.wasm', join(root, 'policy.wasm'));
    expect((await refusal()).code).toBe('bundle_unsafe_entry');
    expect([...(await readBundleDirectory(join(root, '..data'))).keys()]).toEqual(['policy.wasm']);
  });

  it('refuses a pipe and a socket, without waiting for either', async () => {
    execFileSync('mkfifo', [join(root, 'data.json')]);
    expect((await refusal()).code).toBe('bundle_unsafe_entry');
    rmSync(join(root, 'data.json'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'data.json'), resolve));
    expect((await refusal()).code).toBe('bundle_unsafe_entry');
    await new Promise((resolve) => server.close(resolve));
  });

  it('refuses too many entries, directories included, and too many bytes', async () => {
    // Three files in two directories.
    expect((await readBundleDirectory(root, 5)).size).toBe(3);
    expect((await errorOf(() => readBundleDirectory(root, 4))).code).toBe('bundle_too_large');
    mkdirSync(join(root, 'empty'));
    expect((await errorOf(() => readBundleDirectory(root, 5))).code).toBe('bundle_too_large');
    truncateSync(join(root, '.manifest'), 64 * 1024 * 1024 + 1);
    expect((await refusal()).code).toBe('bundle_too_large');
  });

  it('refuses what is not there', async () => {
    expect((await errorOf(() => readBundleDirectory(join(root, 'absent')))).code).toBe('bundle_unreadable');
  });
});
