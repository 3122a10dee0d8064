import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { parseX509Svid } from '@dirgate/spiffe';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConnectTlsOptions } from './connect-tls.js';
import { renewalInstant } from './renewal.js';
import { TlsWorld } from './test-support/tls-world.js';

let world: TlsWorld;
let port: number;
beforeAll(async () => {
  world = await TlsWorld.start();
  port = await world.serve();
});
afterAll(() => world[Symbol.asyncDispose]());

/** An open connection of a client of its own, and a promise of its end with the error that it ended with. */
async function connected(options: Partial<ConnectTlsOptions> = {}) {
  const identity = world.authority.identityOf(`spiffe://partner.example/client-${Math.random().toString(36).slice(2)}`);
  const stops = vi.fn();
  const { onChange } = identity;
  vi.spyOn(identity, 'onChange').mockImplementation((listener) => {
    const stop = onChange.call(identity, listener);
    return () => {
      stops();
      stop();
    };
  });
  const socket: TLSSocket = await world.connect(port, { identity, ...options });
  const errors: unknown[] = [];
  socket.on('error', (error) => errors.push(error));
  return { identity, socket, errors, stops, closed: once(socket, 'close') };
}

describe('the connection is destroyed, without an error, when', () => {
  test('the bundle of the server’s trust domain is withdrawn', async () => {
    const { socket, errors, closed, stops } = await connected();
    world.authority.unfederate('partner.example', 'home.example');
    expect(socket.destroyed).toBe(true);
    world.authority.federate('partner.example', 'home.example');
    await closed;
    expect(errors).toEqual([]);
    expect(stops).toHaveBeenCalledOnce();
  });

  test('the own identity is withdrawn', async () => {
    const { identity, socket, closed } = await connected();
    const without = await connected({ presentSvid: false });
    for (const source of [identity, without.identity]) {
      vi.spyOn(source, 'x509Svid').mockReturnValue(undefined); // the bundles stay
      source.rotate();
    }
    expect(socket.destroyed).toBe(true);
    await closed;
    expect(without.socket.destroyed).toBe(false); // it presented none
  });

  test('another identity comes in the place of the one that we presented (W-20)', async () => {
    const { identity, socket, closed } = await connected();
    const without = await connected({ presentSvid: false });
    const other = parseX509Svid(world.authority.trustDomain('partner.example').issueX509Svid('spiffe://partner.example/other'));
    for (const source of [identity, without.identity]) {
      source.rotate(); // control: the same identity, anew
      expect([socket.destroyed, without.socket.destroyed]).toEqual([false, false]);
    }
    for (const source of [identity, without.identity]) {
      vi.spyOn(source, 'x509Svid').mockReturnValue(other);
      source.rotate();
    }
    expect(socket.destroyed).toBe(true);
    await closed;
    expect(without.socket.destroyed).toBe(false);
  });

  test('the server’s certificate expires, within a second and not before', async () => {
    let now = Date.now();
    const { socket, closed } = await connected({ clock: () => now });
    await new Promise((resolve) => setTimeout(resolve, 600)); // one look at the clock at least
    expect(socket.destroyed).toBe(false);
    now += 3_700_000;
    const moved = Date.now();
    await closed;
    expect(Date.now() - moved).toBeLessThan(1000);
  });

  test('its identity source throws', async () => {
    const { identity, socket } = await connected();
    vi.spyOn(identity, 'x509Bundle').mockImplementation(() => {
      throw new Error('broken');
    });
    identity.rotate();
    expect(socket.destroyed).toBe(true);
  });
});

describe('it goes on when', () => {
  test('the own SVID rotates', async () => {
    const { identity, socket } = await connected();
    identity.rotate();
    expect(socket.destroyed).toBe(false);
  });

  test('the bundle changes and still vouches for the server; then it does not', async () => {
    const { socket, identity } = await connected();
    const { socket: another } = await connected({ identity }); // to the same server: they share what proving it costs
    const home = world.authority.trustDomain('home.example');
    home.rotateX509Authority();
    world.authority.unfederate('home.example', 'partner.example'); // any change that this client is not told of
    expect([socket.destroyed, another.destroyed]).toEqual([false, false]);
    home.retireX509Authorities();
    expect([socket.destroyed, another.destroyed]).toEqual([true, true]);
  });
});

describe('another connection is asked for', () => {
  const HOUR_MS = 3_600_000; // how long the server's certificate lives
  beforeAll(async () => {
    port = await world.serve(); // signed by the newest authority
  });

  test('at once when the own SVID rotates, until somebody takes it', async () => {
    const askToRenew = vi.fn<(socket: TLSSocket) => boolean>().mockReturnValue(false);
    const { identity, socket } = await connected({ askToRenew });
    expect(askToRenew).not.toHaveBeenCalled();
    identity.rotate();
    expect(askToRenew.mock.calls).toEqual([[socket]]);
    await vi.waitFor(() => expect(askToRenew.mock.calls.length).toBeGreaterThan(1), { timeout: 3000 });
    askToRenew.mockReset().mockReturnValue(true);
    identity.rotate();
    identity.rotate();
    expect(askToRenew).toHaveBeenCalledOnce();
    expect(socket.destroyed).toBe(false);
  });

  test('not when we presented none, or when only a bundle changed', async () => {
    const askToRenew = vi.fn(() => true);
    const { identity } = await connected({ askToRenew, presentSvid: false });
    identity.rotate();
    const presenting = await connected({ askToRenew });
    const home = world.authority.trustDomain('home.example');
    home.rotateX509Authority();
    expect(presenting.socket.destroyed).toBe(false);
    expect(askToRenew).not.toHaveBeenCalled();
  });

  test('ahead of the end of the server’s certificate, and not long before', async () => {
    let now = Date.now();
    const askToRenew = vi.fn(() => true);
    port = await world.serve(); // its hour begins now
    const { socket } = await connected({ askToRenew, clock: () => now });
    now += HOUR_MS - 230_000;
    await new Promise((resolve) => setTimeout(resolve, 600)); // one look at the clock at least
    expect(askToRenew).not.toHaveBeenCalled();
    now += 85_000;
    await vi.waitFor(() => expect(askToRenew).toHaveBeenCalledOnce(), { timeout: 3000 });
    expect(socket.destroyed).toBe(false);
  });

  test('ahead of the end of the own SVID, unless we presented none', async () => {
    let now = Date.now();
    const clock = () => now;
    port = await world.serve(); // its hour begins now
    const issued = world.authority.trustDomain('partner.example').issueX509Svid('spiffe://partner.example/client', {
      expiresAt: now + HOUR_MS / 2,
    });
    const svid = parseX509Svid(issued);
    const connectedWith = async (presentSvid: boolean) => {
      const identity = world.authority.identityOf('spiffe://partner.example/client');
      vi.spyOn(identity, 'x509Svid').mockReturnValue(svid);
      const askToRenew = vi.fn(() => true);
      const { socket } = await connected({ identity, askToRenew, clock, presentSvid });
      return { socket, askToRenew };
    };
    const [presenting, without] = [await connectedWith(true), await connectedWith(false)];
    now += HOUR_MS / 2 - 230_000;
    await new Promise((resolve) => setTimeout(resolve, 600)); // one look at the clock at least
    expect(presenting.askToRenew).not.toHaveBeenCalled();
    now += 85_000;
    await vi.waitFor(() => expect(presenting.askToRenew).toHaveBeenCalledOnce(), { timeout: 3000 });
    now += 150_000; // its end itself is the server's to judge
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect([presenting.socket.destroyed, without.socket.destroyed]).toEqual([false, false]);
    expect(without.askToRenew).not.toHaveBeenCalled();
  });

  test('a throw ends the connection', async () => {
    const { identity, socket } = await connected({
      askToRenew: () => {
        throw new Error('broken');
      },
    });
    identity.rotate();
    expect(socket.destroyed).toBe(true);
  });
});

test.each([
  ['a fresh certificate of an hour', 0, 3_600_000, 0, 0, 3_450_000],
  ['the same, spread out', 0, 3_600_000, 0, 1, 3_375_000],
  ['a fresh certificate of twenty seconds', 0, 20_000, 0, 0, 15_000],
  ['opened within its lead', 0, 20_000, 17_000, 0, 17_750],
  ['opened late, spread out', 0, 3_600_000, 3_540_000, 1, 3_555_000],
])('%s: dialled anew in time, and not in a circle', (_name, validFrom, validUntil, openedAt, spread, expected) => {
  expect(renewalInstant({ validFrom, validUntil }, openedAt, spread)).toBe(expected);
});

test('an identity that cannot be watched leaves no timer behind', async () => {
  const identity = world.authority.identityOf('spiffe://partner.example/unwatched');
  vi.spyOn(identity, 'onChange').mockImplementation(() => {
    throw new Error('broken');
  });
  const timers = vi.spyOn(globalThis, 'setInterval');
  const cleared = vi.spyOn(globalThis, 'clearInterval');
  try {
    await expect(world.connect(await world.serve(), { identity })).rejects.toThrow('broken');
    const made = timers.mock.results.map(({ value }) => value as unknown);
    expect(made.filter((timer) => !cleared.mock.calls.some(([one]) => one === timer))).toEqual([]);
  } finally {
    timers.mockRestore();
    cleared.mockRestore();
  }
});

test('a connection that closed is not watched any more', async () => {
  port = await world.serve(); // signed by the newest authority
  const { socket, stops, closed } = await connected();
  socket.destroy();
  await closed;
  expect(stops).toHaveBeenCalledOnce();
});
