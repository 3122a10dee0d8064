import { type Attempt, bidi } from '@dirgate/harness';
import { matchId } from '@dirgate/spiffe';
import { type DemoWorld, HOME, type Listener, PARTNER } from './demo-world.js';
import { expectThat } from './expect-that.js';
import { frozen } from './fixed-identity.js';
import { openPullStream } from './open-pull-stream.js';
import { PARTNER_READER } from './rows-federated.js';
import { ACME } from './rows-home.js';
import type { SharedRecords } from './shared-records.js';
import type { Row } from './table.js';

/** Rows in which trust itself changes: another server than expected, rotation of the home CA, federation withdrawn. */
export function trustRows(world: DemoWorld, listener: Listener, records: SharedRecords): readonly Row[] {
  return [
    unexpectedServerRow(world, listener, records),
    ...rotationRows(world, listener, records),
    withdrawalRow(world, listener, records),
  ];
}

function unexpectedServerRow(world: DemoWorld, listener: Listener, records: SharedRecords): Row {
  return {
    who: 'home publisher acme',
    credential: 'X.509',
    call: 'Pull, expecting another server',
    expected: { status: 'UNAVAILABLE', reason: 'server_unexpected', handler: null },
    run: async () => {
      const server = matchId(`spiffe://${HOME}/another-directory`);
      using client = await world.client({ id: ACME, listener, server });
      return await bidi(client.store.pull(), [{ cid: records.acmeCid }]);
    },
  };
}

function rotationRows(world: DemoWorld, listener: Listener, records: SharedRecords): readonly Row[] {
  const acme = { who: 'home publisher acme', credential: 'X.509' };
  const pull = async (): Promise<Attempt> => {
    using client = await world.client({ id: ACME, listener });
    return await bidi(client.store.pull(), [{ cid: records.acmeCid }]);
  };
  return [
    {
      ...acme,
      call: 'Pull on a stream, the home CA rotates, Pull',
      expected: { status: 'OK', reason: 'role_reader', handler: ACME },
      run: async () => {
        using client = await world.client({ id: ACME, listener });
        const stream = openPullStream(client);
        await stream.pull(records.acmeCid);
        await rotateHomeAuthority(world);
        await stream.pull(records.acmeCid);
        return await stream.finish();
      },
    },
    {
      ...acme,
      call: 'Pull after the rotation',
      expected: { status: 'OK', reason: 'role_reader', handler: ACME },
      run: pull,
    },
    {
      ...acme,
      credential: 'X.509 of the old CA',
      call: 'Pull on its connection once that CA is gone',
      expected: { status: 'UNAUTHENTICATED', reason: 'issuer_untrusted', handler: null },
      run: async () => {
        const { api } = await world.workload(ACME);
        using client = await world.client({ id: ACME, listener, identity: frozen(api) });
        const before = await bidi(client.store.pull(), [{ cid: records.acmeCid }]);
        expectThat(before.status === 'OK', `the connection was refused too early: ${before.details}`);
        await rotateHomeAuthority(world);
        await retireHomeAuthority(world);
        world.handled.length = 0;
        return await bidi(client.store.pull(), [{ cid: records.acmeCid }]);
      },
    },
    {
      ...acme,
      call: 'Pull with the new SVID',
      expected: { status: 'OK', reason: 'role_reader', handler: ACME },
      run: pull,
    },
  ];
}

function withdrawalRow(world: DemoWorld, listener: Listener, records: SharedRecords): Row {
  return {
    who: 'partner reader',
    credential: 'X.509 federated',
    call: 'Pull on a stream, federation is withdrawn',
    expected: { status: 'UNAUTHENTICATED', reason: 'trust_domain_without_bundle', handler: PARTNER_READER },
    run: async () => {
      using client = await world.client({ id: PARTNER_READER, listener });
      const stream = openPullStream(client);
      await stream.pull(records.acmeCid);
      const withdrawnAt = performance.now();
      world.authority.unfederate(HOME, PARTNER);
      const attempt = await stream.ended();
      const elapsedMs = performance.now() - withdrawnAt;
      expectThat(elapsedMs < 1000, `the stream ended after ${Math.round(elapsedMs)} ms`);
      return attempt;
    },
  };
}

/** A new CA signs for the home trust domain; answers when server and publisher both hold SVIDs and bundles of it. */
async function rotateHomeAuthority(world: DemoWorld): Promise<void> {
  const apis = [world.identity, (await world.workload(ACME)).api];
  const before = apis.map((api) => api.x509Svid());
  world.home.rotateX509Authority();
  await Promise.all(apis.map((api, index) => until(api, () => api.x509Svid() !== before[index])));
}

/** The older CAs leave the bundle; answers when the server knows. */
async function retireHomeAuthority(world: DemoWorld): Promise<void> {
  const { identity } = world;
  const trustDomain = identity.x509Svid()?.id.trustDomain;
  const bundle = () => trustDomain && identity.x509Bundle(trustDomain);
  const before = bundle();
  world.home.retireX509Authorities();
  await until(identity, () => bundle() !== before);
}

/** Resolves as soon as `holds`, looked at after every change of the source. */
function until(source: { onChange(listener: () => void): () => void }, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = source.onChange(check);
    function check(): void {
      if (holds()) {
        stop();
        resolve();
      }
    }
    check();
  });
}
