import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Decision, loadPolicy, type Policy } from '@dirgate/policy';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DecisionInput } from '../gen/decision-input.js';
import { DecisionCache } from './decision-cache.js';
import type { DecisionContext } from './decision-input.js';

/** The table of policies/: each rule of the shipped policy is in it with both verdicts, so its values reach every rule. */
interface DecisionTable {
  readonly grants: object;
  readonly subjects: Readonly<Record<string, DecisionInput['subject']>>;
  readonly actions: Readonly<Record<string, { readonly service: string; readonly method: string; readonly class: string }>>;
  readonly resources: Readonly<Record<string, DecisionInput['resource']>>;
  readonly cases: readonly {
    readonly subject: string;
    readonly action: string;
    readonly phase: string;
    readonly resource: string;
  }[];
}

type Path = readonly string[];

interface Sample {
  readonly input: DecisionInput;
  readonly answer: Decision;
}

const INPUTS = 20_000;

function seeded(seed: number): <T>(values: readonly T[]) => T {
  let state = seed;
  return <T>(values: readonly T[]): T => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return values[Math.floor((state / 2 ** 32) * values.length)] as T;
  };
}

/** Rows of the table; in most, values that the policy reads come from another row, or are absent. */
function randomInputs(table: DecisionTable, paths: readonly Path[]): readonly DecisionInput[] {
  const pick = seeded(20_261_127);
  const plain = (): DecisionInput => {
    const row = pick(table.cases);
    const action = table.actions[row.action];
    return {
      subject: table.subjects[row.subject],
      action: { name: `/${action?.service}/${action?.method}`, properties: { ...action, phase: row.phase } },
      resource: table.resources[row.resource],
      context: { server: { trust_domain: 'directory.example' }, time_ms: 1, peer_address: '192.0.2.1:1' },
    } as DecisionInput;
  };
  return Array.from({ length: INPUTS }, () => {
    let input = plain();
    for (let changes = pick([0, 1, 1, 2]); changes > 0; changes -= 1) {
      const path = pick(paths);
      input = withValue(input, path, pick([true, true, true, false]) ? valueAt(plain(), path) : undefined) as DecisionInput;
    }
    return input;
  });
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((part, name) => (part as Readonly<Record<string, unknown>> | undefined)?.[name], value);
}

function withValue(part: object | undefined, [name = '', ...rest]: Path, value: unknown): object {
  const members = { ...part } as Record<string, unknown>;
  members[name] = rest.length === 0 ? value : withValue(members[name] as object | undefined, rest, value);
  return members;
}

/** The first input to which a cache, keyed by these inputs, answers otherwise than the policy. */
function wrongAnswer(policy: Policy, inputs: readonly Path[], samples: readonly Sample[]): DecisionInput | undefined {
  const cache = DecisionCache.for({ ...policy, inputs }) as DecisionCache;
  for (const { input, answer } of samples) {
    const { phase } = input.action.properties;
    const context = {
      caller: { subject: input.subject },
      method: { actions: { [phase]: input.action } },
      server: input.context.server,
    } as unknown as DecisionContext;
    if (cache.decide(context, phase, input.resource as Parameters<DecisionCache['decide']>[2], () => answer) !== answer) {
      return input;
    }
  }
  return undefined;
}

/** Equal decisions become one object, so that they can be compared by identity. */
function interned(): (decision: Decision) => Decision {
  const known = new Map<string, Decision>();
  return (decision) => {
    const text = JSON.stringify(decision);
    const first = known.get(text) ?? decision;
    known.set(text, first);
    return first;
  };
}

async function granted(grants: object): Promise<Policy> {
  const folder = mkdtempSync(join(tmpdir(), 'dirgate-cache-'));
  try {
    const data = join(folder, 'grants.json');
    writeFileSync(data, JSON.stringify(grants));
    return (await loadPolicy({ bundle: 'policies/dist/directory.tar.gz', data })).current();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe(`the cache on ${INPUTS} random inputs to the shipped policy`, () => {
  let policy: Policy;
  let paths: readonly Path[];
  let samples: readonly Sample[];

  beforeAll(async () => {
    const { decision_table: table } = JSON.parse(readFileSync('policies/tests/decision-table.json', 'utf8')) as {
      readonly decision_table: DecisionTable;
    };
    policy = await granted(table.grants);
    paths = policy.inputs ?? [];
    const intern = interned();
    samples = randomInputs(table, paths).map((input) => ({ input, answer: intern(policy.decide(input)) }));
  }, 60_000);

  test('reaches both verdicts often, and many of their reasons', () => {
    const allowed = samples.filter(({ answer }) => answer.allow).length;
    expect(allowed).toBeGreaterThan(INPUTS / 50);
    expect(allowed).toBeLessThan(INPUTS * 0.8);
    expect(new Set(samples.flatMap(({ answer }) => answer.reasons)).size).toBeGreaterThan(12);
  });

  test('answers as the policy does', () => {
    expect(paths.length).toBeGreaterThan(5);
    expect(wrongAnswer(policy, paths, samples)).toBeUndefined();
  });

  test('answers wrongly without any one of the inputs that the policy reads', () => {
    const unnoticed = paths.filter((dropped) => {
      const kept = paths.filter((path) => path !== dropped);
      return wrongAnswer(policy, kept, samples) === undefined;
    });
    expect(unnoticed).toEqual([]);
  });
});
