import { createX509Bundle, parseTrustDomain } from '@dirgate/spiffe';
import { expect, test, vi } from 'vitest';
import { SILENT_LOGGER } from '../test-support/silent-logger.js';
import { BundleEntry } from '../updates/bundle-entry.js';
import type { X509Snapshot } from '../updates/x509-snapshot.js';
import { IdentityState } from './identity-state.js';

const A = parseTrustDomain('a.example');

const NOTHING = { bundles: new Map() };

test('a listener that throws, or whose promise rejects, is reported and hinders nobody', async () => {
  const error = vi.fn();
  const state = new IdentityState({ ...SILENT_LOGGER, error });
  const last = vi.fn();
  state.onChange(() => {
    throw new Error('thrown');
  });
  state.onChange(vi.fn().mockRejectedValue(new Error('rejected')));
  state.onChange(last);
  state.setJwt(NOTHING);
  expect(last).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => expect(error).toHaveBeenCalledTimes(2));
  expect(error.mock.calls.flat().join()).toMatch(/thrown.*rejected/);
});

test('a listener that another one stops is not called any more', () => {
  const state = new IdentityState(SILENT_LOGGER);
  const second = vi.fn();
  state.onChange(() => stop());
  const stop = state.onChange(second);
  state.setJwt(NOTHING);
  expect(second).not.toHaveBeenCalled();
});

test('a listener sees the change, and one function registered twice is two', () => {
  const state = new IdentityState(SILENT_LOGGER);
  const seen: unknown[] = [];
  const listener = (): void => void seen.push(state.jwt, state.jwtBundle(parseTrustDomain('constructor')));
  state.onChange(listener)();
  state.onChange(listener);
  state.onChange(listener);
  state.setJwt(NOTHING);
  expect(seen).toEqual([NOTHING, undefined, NOTHING, undefined]);
});

test('a listener that ends it ends it for good: nothing of what comes then is seen or read', async () => {
  const parse = vi.fn(() => createX509Bundle(A, []));
  const arriving = (): X509Snapshot => {
    const entry = new BundleEntry(A, Buffer.from('x'), { parse, report: () => {} }, undefined);
    return { svids: [], chosen: undefined, bundles: new Map([[A.name, entry]]) };
  };
  const control = new IdentityState(SILENT_LOGGER);
  control.setX509(arriving());
  control.setJwt(NOTHING);
  expect([control.x509Bundle(A), control.jwt, parse.mock.calls.length]).toEqual([expect.anything(), NOTHING, 1]);
  control.end();
  const state = new IdentityState(SILENT_LOGGER);
  const listener = vi.fn(() => state.end());
  state.onChange(listener);
  state.setX509(arriving());
  state.setJwt(NOTHING);
  state.setX509(arriving());
  await new Promise((resolve) => setImmediate(resolve));
  expect([state.x509, state.jwt, state.x509Bundle(A)]).toEqual([undefined, undefined, undefined]);
  expect([parse.mock.calls.length, listener.mock.calls.length]).toEqual([1, 2]);
});
