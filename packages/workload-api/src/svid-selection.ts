import { thrownText } from '@dirgate/live';
import type { X509Svid } from '@dirgate/spiffe';
import type { BundleReport } from './updates/bundle-entry.js';
import { WorkloadApiError } from './workload-api-error.js';

const MAX_HINT_BYTES = 1024;

/** Which of several identities is meant (Workload API §8). */
export interface SvidSelection {
  /** The hint that the operator gave it, or a function that is true for it; the first that fits counts. Default: the first of all. */
  readonly select?: string | ((svid: X509Svid) => boolean);
  /**
   * When no identity fits: `'none'` (default) goes without an SVID of our own until one fits, `'first'` takes the first of all
   * and says so to the logger (W-19).
   */
  readonly ifNoneFits?: 'none' | 'first';
}

/** Picks the SVID that we present. */
export type SelectSvid = (svids: readonly X509Svid[], report: BundleReport) => X509Svid | undefined;

/** @throws WorkloadApiError `option_invalid` */
export function compileSelection({ select, ifNoneFits = 'none' }: SvidSelection): SelectSvid {
  if (ifNoneFits !== 'none' && ifNoneFits !== 'first') {
    throw new WorkloadApiError('option_invalid', "ifNoneFits is 'none' or 'first'");
  }
  if (select === undefined) return ([first]) => first;
  if (typeof select === 'string' && (select === '' || Buffer.byteLength(select) > MAX_HINT_BYTES)) {
    throw new WorkloadApiError('option_invalid', `select names a hint of 1 to ${MAX_HINT_BYTES} bytes`);
  }
  const wish = typeof select === 'string' ? `with the hint ${JSON.stringify(select)}` : 'that `select` accepts';
  return (svids, report) => {
    const found = svids.find((svid) => fits(select, svid, report));
    if (found || svids.length === 0) return found;
    const [first] = svids;
    const instead = ifNoneFits === 'first' ? first : undefined;
    report(`there is no X509-SVID ${wish}; ${instead ? `${instead.id} is used instead` : 'none is used'}`);
    return instead;
  };
}

/** One that throws must not hold up what else its message says: trust that is taken away, above all. Only `true` itself counts. */
function fits(select: NonNullable<SvidSelection['select']>, svid: X509Svid, report: BundleReport): boolean {
  if (typeof select === 'string') return svid.hint === select;
  try {
    return select(svid) === true;
  } catch (error) {
    report(`select threw for ${svid.id}, which therefore does not count: ${thrownText(error)}`);
    return false;
  }
}

/** A hint that is too long is no hint (W-19). */
export function readHint(hint: string, report: BundleReport): string {
  if (Buffer.byteLength(hint) <= MAX_HINT_BYTES) return hint;
  report(`a hint is longer than ${MAX_HINT_BYTES} bytes and is ignored`);
  return '';
}
