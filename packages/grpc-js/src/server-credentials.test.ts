import { expect, test, vi } from 'vitest';
import { createServerCredentials } from './server-credentials.js';
import { GuardedWorld } from './test-support/guarded-world.js';

type Watcher = Parameters<ReturnType<typeof createServerCredentials>['_addWatcher']>[0];

test('an SVID that could not be presented is presented at the next change, and only once', async () => {
  await using world = await GuardedWorld.start();
  const credentials = createServerCredentials(world.guard);
  const watcher = vi.fn<Watcher>();
  credentials._addWatcher(watcher);
  world.identity.rotate();
  expect(watcher).toHaveBeenCalledOnce(); // each SVID is told of once
  watcher.mockImplementationOnce(() => {
    throw new Error('broken');
  });
  expect(() => world.identity.rotate()).toThrow('broken');
  const rotated = watcher.mock.lastCall?.[0];
  world.authority.unfederate('home.example', 'partner.example'); // a change that leaves the SVID as it is
  expect(watcher).toHaveBeenCalledTimes(3);
  expect(watcher.mock.lastCall?.[0]).toEqual(rotated);
  world.authority.federate('home.example', 'partner.example');
  expect(watcher).toHaveBeenCalledTimes(3);
  credentials._removeWatcher(watcher);
});
