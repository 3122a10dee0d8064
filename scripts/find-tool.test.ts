import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { buildWithGo, findTool, pinnedVersion, ToolMissing } from './find-tool.mjs';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-tool-'));

afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A PATH that leads to one program, which says on stderr what version it is, as SPIRE does. No Go is on it. */
function onlyOnPath(name: string, version: string): string {
  const program = join(folder, name);
  writeFileSync(program, `#!/bin/sh\necho ${version} >&2\n`);
  chmodSync(program, 0o755);
  vi.stubEnv('PATH', folder);
  return program;
}

function found(name: string): string | undefined {
  try {
    return findTool(name);
  } catch (error) {
    if (error instanceof ToolMissing) return undefined;
    throw error;
  }
}

// Also those that share a go.mod.
test.each(['opa', 'regal', 'spire-agent', 'spire-server'])('the version of %s is pinned', (name) => {
  expect(pinnedVersion(name)).toMatch(/^\d+\.\d+\.\d+$/);
});

test('both SPIRE programs are of one version, and regal is not of the opa that it is made with', () => {
  expect(pinnedVersion('spire-agent')).toBe(pinnedVersion('spire-server'));
  expect(pinnedVersion('regal')).toBe('0.42.0');
});

test('a variable names the program', () => {
  vi.stubEnv('SPIRE_SERVER', process.execPath);
  expect(findTool('spire-server')).toBe(process.execPath);
});

test('a variable that names no program is refused, and nothing else is tried', () => {
  vi.stubEnv('SPIRE_AGENT', '/nowhere/spire-agent');
  expect(() => findTool('spire-agent')).toThrow(ToolMissing);
  expect(() => findTool('spire-agent')).toThrow('SPIRE_AGENT=/nowhere/spire-agent is no executable file');
});

test('what is on the PATH is taken in exactly the pinned version', () => {
  const program = onlyOnPath('spire-agent', pinnedVersion('spire-agent'));
  expect(findTool('spire-agent')).toBe(program);
});

test.each(['1.14.4', `${pinnedVersion('spire-agent')}-dev-unk`])('what is on the PATH is left alone in version %s', (version) => {
  const program = onlyOnPath('spire-agent', version);
  expect(found('spire-agent')).not.toBe(program);
});

test('without Go one sentence says so', () => {
  vi.stubEnv('PATH', folder);
  const build = {
    name: 'never-built',
    label: 'it',
    folder,
    program: '.',
    sources: [],
    buildTime: 'long',
    missing: 'There is no Go.',
  };
  expect(() => buildWithGo(build)).toThrow(new ToolMissing('There is no Go.'));
});
