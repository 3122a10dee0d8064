import { describe, expect, test, vi } from 'vitest';
import { createGuard } from './guard.js';
import type { GuardOptions } from './guard-options.js';
import { GET, SERVER_ID, TestedGuard } from './test-support/tested-guard.js';

const CALLER = 'spiffe://partner.example/caller';

describe('options', () => {
  const rule = { class: 'read', phases: ['call'] } as const;
  test.each<[string, (good: GuardOptions) => unknown]>([
    ['accept', (good) => ({ ...good, accept: 'none' })],
    ['accept', (good) => ({ ...good, accept: undefined })],
    ['accept', (good) => ({ ...good, accept: 'toString' })],
    ['audience', ({ audience: _, ...good }) => good],
    ['audience', (good) => ({ ...good, audience: [] })],
    ['audience', (good) => ({ ...good, audience: [SERVER_ID, ''] })],
    ['audience', ({ audience: _, ...good }) => ({ ...good, accept: 'jwt' })],
    ['audience', ({ audience: _, ...good }) => ({ ...good, accept: 'both' })],
    ['catalogue', (good) => ({ ...good, catalogue: new Map() })],
    ['catalogue', (good) => ({ ...good, catalogue: new Map([['no/path', rule]]) })],
    ['catalogue', (good) => ({ ...good, catalogue: new Map([['/a.B/C/D', rule]]) })],
    ['catalogue', (good) => ({ ...good, catalogue: new Map([['/a.B/*', rule]]) })],
    ['catalogue', (good) => ({ ...good, catalogue: new Map([['/a.B/C\n', rule]]) })],
    ['message rule', (good) => ({ ...good, catalogue: new Map([['/a.B/C', { class: 'read', phases: ['call', 'request'] }]]) })],
    ['message rule', (good) => ({ ...good, catalogue: new Map([['/a.B/C', { class: 'read', phases: ['call', 'response'] }]]) })],
    [
      'message rule',
      (good) => ({ ...good, catalogue: new Map([['/a.B/C', { ...rule, request: { message: 'm', resources: [] } }]]) }),
    ],
    [
      'createCatalogue',
      (good) => {
        const request = { message: 'a.Name', resources: [{ type: 't' }] };
        return { ...good, catalogue: new Map([['/a.B/C', { class: 'read', phases: ['call', 'request'], request }]]) };
      },
    ],
    [
      'field path',
      (good) => {
        const request = { ...good.catalogue.get(GET)?.request, resources: [{ type: 't', id: 'Not A Path' }] };
        return { ...good, catalogue: new Map([['/a.B/C', { class: 'read', phases: ['call', 'request'], request }]]) };
      },
    ],
    ['messages', (good) => ({ ...good, messages: 'protobufjs' })],
    ['messages', (good) => ({ ...good, messages: { generator: 'ts-proto', keepCase: true } })],
    ['trustDomain', (good) => ({ ...good, trustDomain: 'Not A Name' })],
    ['trustDomain', (good) => ({ ...good, trustDomain: 'partner.example' })],
    ['leewayMs', (good) => ({ ...good, leewayMs: 60_001 })],
    ['leewayMs', (good) => ({ ...good, leewayMs: -1 })],
    ['leewayMs', (good) => ({ ...good, leewayMs: Number.NaN })],
    ['afterExpiryMs', (good) => ({ ...good, streams: { afterExpiryMs: 3_600_001 } })],
    ['afterExpiryMs', (good) => ({ ...good, streams: { afterExpiryMs: Number.POSITIVE_INFINITY } })],
    ['timeoutMs', (good) => ({ ...good, describeLimits: { timeoutMs: 0 } })],
    ['maxInFlight', (good) => ({ ...good, describeLimits: { maxInFlight: Number.NaN } })],
  ])('a bad one is refused and says which: %s', async (says, change) => {
    const tested = await TestedGuard.start();
    createGuard(tested.options()).close();
    const timers = vi.spyOn(globalThis, 'setInterval');
    expect(() => createGuard(change(tested.options()) as GuardOptions)).toThrow(
      expect.objectContaining({ name: 'GuardError', code: 'config_invalid', message: expect.stringContaining(says) }),
    );
    expect(timers).not.toHaveBeenCalled(); // nothing is left behind
    timers.mockRestore();
  });

  test('x509 needs no audience; the own trust domain may be said', async () => {
    const tested = await TestedGuard.start();
    const { audience: _, ...options } = tested.options();
    createGuard({ ...options, accept: 'x509', trustDomain: 'home.example' }).close();
  });

  test('without an SVID the trust domain must be said, and no call is served before there is one', async () => {
    const tested = await TestedGuard.start();
    tested.identity.withdraw();
    expect(() => createGuard(tested.options())).toThrow(expect.objectContaining({ code: 'config_invalid' }));
    tested.guard = createGuard({ ...tested.options(), trustDomain: 'home.example' });
    const connection = tested.connect(CALLER);
    expect(tested.verdict(connection)).toBe('server_identity_missing');
    tested.identity.restore();
    expect(tested.verdict(connection)).toBe('allowed');
  });
});
