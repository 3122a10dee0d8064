import type { IdentitySource } from '@dirgate/spiffe';
import type { IdentityAuthority } from '@dirgate/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { PING, TestedGuard } from '../test-support/tested-guard.js';
import type { Connection } from './connection.js';
import { PeerTrust } from './peer-trust.js';

const CONNECTIONS = 5000;
/** Each of them is proven on its own, however many connections present the same. */
const CHAINS = 20;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** What work costs by the clock of these tests, in milliseconds: more than it does, and the same on every machine. */
const COST = { verification: 0.5, lookUp: 0.005 };
/** A slice of 10 ms, and the check that it ends with. */
const LONGEST_MS = 11;

afterEach(() => {
  vi.restoreAllMocks();
});

/** A clock that only work moves, and the slices in which the guard read it, told apart by turns of the event loop. */
class Slices {
  readonly #turns: number[][] = [];
  #turn: number[] = [];
  #now = 0;

  readonly monotonic = (): number => {
    this.#turn.push(this.#now);
    return this.#now;
  };

  work(costMs: number): void {
    this.#now += costMs;
  }

  /** Turns the event loop until nothing is left to be checked. */
  async untilIdle(): Promise<void> {
    this.#turns.length = 0;
    do {
      this.#turn = [];
      this.#turns.push(this.#turn);
      await nextTurn();
    } while (this.#turns.length < 3 || this.#turn.length > 0);
  }

  /** How long each lasted. */
  get lengths(): number[] {
    return this.#turns.filter(({ length }) => length > 0).map((turn) => (turn.at(-1) ?? 0) - (turn[0] ?? 0));
  }
}

/** A guard with 5,000 open connections, half of them or fewer of the partner, each proven by a call that has ended. */
async function openConnections({ intermediates = 1, partnerEvery = 2 } = {}) {
  const slices = new Slices();
  const tested = await TestedGuard.start({}, { monotonic: slices.monotonic, partnerIntermediates: intermediates });
  const chainsOf = (name: string) =>
    Array.from({ length: CHAINS }, (_, index) => tested.chainOf(`spiffe://${name}.example/peer-${index}`));
  const [home, partner] = [chainsOf('home'), chainsOf('partner')];
  const connections: Connection[] = [];
  for (let index = 0; index < CONNECTIONS; index += 1) {
    const chains = index % partnerEvery === 1 ? partner : home;
    const peerChain = chains[Math.floor(index / partnerEvery) % CHAINS] ?? [];
    const connection = tested.connect(undefined, { peerChain }, () => undefined);
    tested.admitted(connection).end();
    connections.push(connection);
  }
  const verified: string[] = [];
  for (const name of ['prove', 'proveAsOf'] as const) {
    const original = PeerTrust.prototype[name];
    vi.spyOn(PeerTrust.prototype, name).mockImplementation(function (this: PeerTrust, ...args) {
      slices.work(COST.verification);
      verified.push('refused');
      const proof = original.apply(this, args);
      verified[verified.length - 1] = proof.id.toString();
      return proof;
    });
  }
  const { x509Bundle } = tested.identity;
  vi.spyOn(tested.identity, 'x509Bundle').mockImplementation(function (this: IdentitySource, trustDomain) {
    slices.work(COST.lookUp);
    return x509Bundle.call(tested.identity, trustDomain);
  });
  return { tested, slices, connections, verified, partner: tested.authority.trustDomain('partner.example') };
}

function replaceAuthorities(trustDomain: ReturnType<IdentityAuthority['trustDomain']>): void {
  trustDomain.rotateX509Authority();
  trustDomain.retireX509Authorities();
}

describe('5,000 open connections', () => {
  test('an authority joins a bundle: nothing is verified, and every proof goes over to the new bundle', async () => {
    const { tested, slices, connections, verified, partner } = await openConnections();
    partner.rotateX509Authority();
    await slices.untilIdle();
    expect(verified).toEqual([]);
    expect(Math.max(...slices.lengths)).toBeLessThan(LONGEST_MS);
    for (const [index, connection] of connections.entries()) {
      const { bundle, id } = connection.peer(tested.now);
      expect(bundle).toBe(tested.identity.x509Bundle(id.trustDomain));
      expect(id.trustDomain.name).toBe(index % 2 === 0 ? 'home.example' : 'partner.example');
    }
    expect(verified).toEqual([]);
  });

  test('an authority leaves: its connections are judged in slices, those of other trust domains not at all', async () => {
    const { tested, slices, connections, verified, partner } = await openConnections({ partnerEvery: 10 });
    vi.spyOn(PeerTrust.prototype, 'isHopeless').mockReturnValue(false); // as with another authority of the same name
    replaceAuthorities(partner);
    await slices.untilIdle();
    expect(verified).toEqual(Array.from({ length: CONNECTIONS / 10 }, () => 'refused'));
    expect(slices.lengths.length).toBeGreaterThan(CONNECTIONS / 10 / 25); // twenty to a slice, and the look-ups
    expect(Math.max(...slices.lengths)).toBeLessThan(LONGEST_MS);
    expect(tested.verdict(connections[0] as Connection)).toBe('allowed');
    expect(tested.verdict(connections[1] as Connection)).toBe('trust_withdrawn');
  });

  test.each([0, 2])('no authority of an issuer’s name, %i intermediates: refused by a look-up', async (intermediates) => {
    const { tested, slices, connections, verified, partner } = await openConnections({ intermediates });
    replaceAuthorities(partner);
    await slices.untilIdle();
    expect(tested.verdict(connections[1] as Connection)).toBe('trust_withdrawn');
    expect(tested.events.at(-1)).toMatchObject({ reasons: ['issuer_untrusted'], rule: 'X-18' });
    expect(verified).toEqual([]);
  });

  test('a new call on a connection that was not judged yet has it judged on the spot', async () => {
    const { tested, slices, connections, verified, partner } = await openConnections({ partnerEvery: 10 });
    vi.spyOn(PeerTrust.prototype, 'isHopeless').mockReturnValue(false);
    replaceAuthorities(partner);
    const last = connections.at(-9) as Connection;
    expect(tested.verdict(last)).toBe('trust_withdrawn');
    expect(verified).toEqual(['refused']);
    await slices.untilIdle();
    expect(verified).toHaveLength(CONNECTIONS / 10); // that one was not judged twice
  });
});

describe('5,000 live calls', () => {
  const replaced = (authority: IdentityAuthority): void => replaceAuthorities(authority.trustDomain('partner.example'));
  test.each<[string, number, (authority: IdentityAuthority) => void]>([
    ['its bundle goes', 1, (authority) => authority.unfederate('home.example', 'partner.example')],
    ['its authorities are replaced', 0, replaced],
    ['its authorities are replaced, and there are intermediates', 1, replaced],
  ])('of a trust domain end within a second when %s, in slices; others go on', async (name, intermediates, withdraw) => {
    const { tested, slices, connections } = await openConnections({ intermediates });
    const ended: boolean[] = connections.map(() => false);
    for (const [index, connection] of connections.entries()) {
      tested.admitted(connection, { method: PING }).watch(() => {
        ended[index] = true;
      });
    }
    expect(tested.guard.liveCalls).toBe(CONNECTIONS);
    const before = process.cpuUsage();
    withdraw(tested.authority);
    await slices.untilIdle();
    const { user, system } = process.cpuUsage(before); // what others do on the machine does not count
    const tookMs = (user + system) / 1000;
    console.log(`${CONNECTIONS / 2} of ${CONNECTIONS} live calls ended when ${name}: ${tookMs.toFixed(0)} ms of work`);
    expect(tookMs).toBeLessThan(1000);
    expect(Math.max(...slices.lengths)).toBeLessThan(LONGEST_MS);
    expect(ended.every((end, index) => end === (index % 2 === 1))).toBe(true);
    expect(tested.guard.liveCalls).toBe(CONNECTIONS / 2);
  });

  test('while nothing changes and nothing is due, a sweep asks nobody anything', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { tested, slices, connections } = await openConnections();
      const revoked = vi.fn();
      for (const connection of connections) tested.admitted(connection).watch(revoked);
      const lookUps = [
        vi.spyOn(tested.identity, 'x509Bundle'),
        vi.spyOn(tested.identity, 'jwtBundle'),
        vi.spyOn(tested.policy, 'current'),
      ];
      for (const lookUp of lookUps) lookUp.mockClear();
      vi.advanceTimersByTime(1000);
      await slices.untilIdle();
      for (const lookUp of lookUps) expect(lookUp.mock.calls.length).toBe(0);
      tested.now += 10_001; // the partner's SVIDs expire
      vi.advanceTimersByTime(250);
      await slices.untilIdle();
      expect(revoked).toHaveBeenCalledTimes(CONNECTIONS / 2);
      expect(Math.max(...slices.lengths)).toBeLessThan(LONGEST_MS);
    } finally {
      vi.useRealTimers();
    }
  });
});
