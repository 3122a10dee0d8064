import type { Grants } from '../gen/grants.js';
import { isGrants } from '../grants-text.js';
import { isJsonObject, type JsonObject } from '../json-object.js';
import type { Policy } from '../policy.js';
import { PolicyError } from '../policy-error.js';

/** Decisions that a bundle must take rightly before it takes any other (DESIGN §4.17). */
export interface BundleProbes {
  /** The grants to take them with; `undefined`: the data of the bundle. */
  readonly grants: Grants | undefined;
  /** At least one that allows and one that denies. */
  readonly cases: readonly BundleProbe[];
}

/** One of them. */
export interface BundleProbe {
  readonly note: string;
  readonly input: JsonObject;
  readonly allow: boolean;
  /** `undefined`: any. */
  readonly reasons: readonly string[] | undefined;
}

// They run on the event loop, each time that a bundle or grants change.
const maxCases = 256;

/** Reads the probes of a record. Gives text, what is wrong, when they are not exactly as specified. */
export function parseProbes(value: unknown): BundleProbes | string {
  if (!isJsonObject(value)) return 'probes must be an object with cases';
  const { grants, cases, ...unknown } = value;
  const [member] = Object.keys(unknown);
  if (member !== undefined) return `probes: ${JSON.stringify(member.slice(0, 100))} is unknown to this version`;
  if (grants !== undefined && !isGrants(grants)) return 'probes.grants does not fit grants.schema.json';
  if (!Array.isArray(cases) || cases.length > maxCases) return `probes.cases must be a list of at most ${maxCases}`;
  const wrong = cases.findIndex((probe) => !isProbe(probe));
  if (wrong >= 0) return `probes.cases[${wrong}] must have note, input, allow and, if any, reasons`;
  const probes = cases as readonly (Omit<BundleProbe, 'reasons'> & Partial<BundleProbe>)[];
  if (!probes.some(({ allow }) => allow) || probes.every(({ allow }) => allow)) {
    return 'probes.cases must hold at least one that allows and one that denies';
  }
  return { grants, cases: probes.map(({ reasons, ...probe }) => ({ ...probe, reasons })) };
}

/**
 * Takes every decision of the probes.
 *
 * @throws {PolicyError} `bundle_probe_failed` at the first that is not as it should be
 */
export function runProbes(policy: Policy, { cases }: BundleProbes, origin: string): void {
  for (const { note, input, allow, reasons } of cases) {
    const wanted = describe(allow, reasons);
    let found: string;
    try {
      const decision = policy.decide(input);
      found = describe(decision.allow, reasons && decision.reasons);
    } catch (error) {
      found = error instanceof PolicyError ? error.code : 'a fault';
    }
    if (found !== wanted) {
      throw new PolicyError(
        'bundle_probe_failed',
        `${origin}: its probe ${JSON.stringify(note.slice(0, 200))} gave ${found} instead of ${wanted}; correct the rules or the probe`,
      );
    }
  }
}

function describe(allow: boolean, reasons: readonly string[] | undefined): string {
  return `${allow ? 'allow' : 'deny'}${reasons === undefined ? '' : ` ${JSON.stringify(reasons).slice(0, 500)}`}`;
}

function isProbe(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { note, input, allow, reasons, ...unknown } = value;
  return (
    typeof note === 'string' &&
    note !== '' &&
    isJsonObject(input) &&
    typeof allow === 'boolean' &&
    (reasons === undefined || (Array.isArray(reasons) && reasons.every((reason) => typeof reason === 'string'))) &&
    Object.keys(unknown).length === 0
  );
}
