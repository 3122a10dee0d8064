import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { loadPolicy } from '../load-policy.js';
import { shippedBundle } from '../test-support/pack-bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'dirgate-reload-'));
afterAll(() => rmSync(folder, { recursive: true }));

const reloads = 50;
const subject = (version: number) => `spiffe://a.example/v${version}`;
const input = (version: number) => ({
  subject: { type: 'workload', id: subject(version), properties: { trust_domain: 'a.example', path: [`v${version}`] } },
  action: { properties: { class: 'read', phase: 'call', service: 's' } },
  resource: { type: 'service', properties: {} },
});

it('never mixes versions: a decision is of the revision that was active, with the grants of that revision', async () => {
  const data = join(folder, 'grants.yaml');
  const write = (version: number): void => {
    writeFileSync(`${data}.new`, `ids: {"${subject(version)}": [{roles: [admin]}]}`);
    renameSync(`${data}.new`, data);
  };
  write(0);
  const live = await loadPolicy({ bundle: shippedBundle, data, watch: { pollMs: 60_000, settleMs: 0 } });
  const versionOf = new Map([[live.current().revision, 0]]);
  let active = live.current().revision;
  let newest = 0;
  live.onChange(() => {
    active = live.current().revision;
    versionOf.set(active, newest);
  });

  const problems: string[] = [];
  let decisions = 0;
  let isOver = false;
  const held = live.current();
  const decide = async (): Promise<void> => {
    while (!isOver) {
      const policy = live.current();
      const version = versionOf.get(active) ?? -1;
      for (const asked of [version, version - 1, version + 1]) {
        const decision = policy.decide(input(asked));
        decisions += 1;
        if (decision.revision !== active) problems.push(`${decision.revision} answered while ${active} was active`);
        if (decision.allow !== (asked === version)) problems.push(`version ${version} answered for ${asked}`);
      }
      await turn();
    }
  };
  const load = decide();
  for (newest = 1; newest <= reloads; newest += 1) {
    write(newest);
    const { state, revision } = await live.refresh();
    if (state !== 'ready' || revision !== active) problems.push(`reload ${newest}: ${state}`);
  }
  isOver = true;
  await load;
  expect(problems).toEqual([]);
  expect(versionOf.size).toBe(reloads + 1);
  expect(decisions).toBeGreaterThan(reloads);
  // A call that holds on to the first version is answered by the first version.
  expect(held.decide(input(0))).toMatchObject({ allow: true, revision: held.revision });
  expect(held.decide(input(reloads)).allow).toBe(false);
  await live.close();
});
