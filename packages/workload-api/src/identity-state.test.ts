import { parseTrustDomain } from '@dirgate/spiffe';
import { expect, test, vi } from 'vitest';
import { IdentityState } from './identity-state.js';
import { SILENT_LOGGER } from './workload-api-logger.js';

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
