import { isJsonObject } from '../json-object.js';
import type { PolicyPhase } from '../policy.js';
import { PolicyError } from '../policy-error.js';
import { type BundleProbes, parseProbes } from './bundle-probes.js';

/** What `npm run policy:build` writes into a bundle's manifest as `metadata.dirgate` (DESIGN §4.17). */
export interface BundleRecord {
  /** When the bundle asks to be consulted. */
  readonly phases: readonly PolicyPhase[];
  /** The input references that the entrypoint reads, as paths below `input`; `undefined`: unknown, so anything. */
  readonly inputs: readonly (readonly string[])[] | undefined;
  /** Hex digest of the `policy.wasm` that the rest is about; `undefined` where there is no record. */
  readonly wasmSha256: string | undefined;
  /** What it must decide rightly before every activation; `undefined` where there is no record. */
  readonly probes: BundleProbes | undefined;
}

const knownPhases: readonly PolicyPhase[] = ['call', 'request', 'response'];

/** What holds for a bundle without a record. */
export const noRecord: BundleRecord = {
  phases: ['call', 'request'],
  inputs: undefined,
  wasmSha256: undefined,
  probes: undefined,
};

/**
 * Reads a manifest's `metadata.dirgate`; `undefined` gives {@link noRecord}.
 *
 * @throws {PolicyError} `bundle_bad_record` when there is one and it is not exactly as specified, `bundle_phase_unread`
 */
export function parseBundleRecord(record: unknown, origin: string): BundleRecord {
  if (record === undefined) return noRecord;
  if (!isJsonObject(record)) throw bad(origin, 'metadata.dirgate is not an object');

  const { phases, inputs, wasm_sha256: wasmSha256, probes: probesMember, ...unknown } = record;
  const [member] = Object.keys(unknown);
  if (member !== undefined)
    throw bad(origin, `metadata.dirgate: ${JSON.stringify(member.slice(0, 100))} is unknown to this version`);
  if (!isListOf(phases, isPhase) || phases.length === 0 || new Set(phases).size !== phases.length) {
    throw bad(origin, `metadata.dirgate.phases must name some of ${knownPhases.join(', ')}`);
  }
  if (!isListOf(inputs, isPath)) throw bad(origin, 'metadata.dirgate.inputs must be a list of paths');
  if (typeof wasmSha256 !== 'string') throw bad(origin, 'metadata.dirgate.wasm_sha256 must be a digest');
  const probes = parseProbes(probesMember);
  if (typeof probes === 'string') throw bad(origin, `metadata.dirgate.${probes}`);
  const checked = { phases: Object.freeze([...phases]), inputs, wasmSha256, probes };
  if (mayRead(checked, ['resource', 'properties']) && !mayRead(checked, ['action', 'properties', 'phase'])) {
    throw new PolicyError(
      'bundle_phase_unread',
      `${origin}: the policy reads input.resource.properties but never input.action.properties.phase, so it would judge a call that has no message yet as if it had; read the phase`,
    );
  }
  return checked;
}

/** Whether an answer may depend on an input reference: it, something above or something below it is read. */
export function mayRead(record: BundleRecord, path: readonly string[]): boolean {
  if (record.inputs === undefined) return true;
  return record.inputs.some((input) => {
    const shared = Math.min(input.length, path.length);
    for (let index = 0; index < shared; index += 1) if (input[index] !== path[index]) return false;
    return true;
  });
}

function isPhase(value: unknown): value is PolicyPhase {
  return knownPhases.some((phase) => phase === value);
}

function isPath(value: unknown): value is readonly string[] {
  return isListOf(value, (term): term is string => typeof term === 'string');
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isItem);
}

function bad(origin: string, reason: string): PolicyError {
  return new PolicyError('bundle_bad_record', `${origin}: /.manifest: ${reason}; build the bundle with \`npm run policy:build\``);
}
