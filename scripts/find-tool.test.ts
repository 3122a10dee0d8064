import { afterEach, expect, test, vi } from 'vitest';
import { findTool, pinnedVersion, ToolMissing } from './find-tool.mjs';

afterEach(() => {
  vi.unstubAllEnvs();
});

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
