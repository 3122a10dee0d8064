import { safeLogger, WatchedPaths } from '@dirgate/live';
import { type IdentitySource, type JwtSvid, parseTrustDomain, type TrustDomain } from '@dirgate/spiffe';
import { type FileSnapshot, type IdentityContents, readFileUpdate } from './files/file-update.js';
import { readFileSet, versionOf } from './files/identity-files.js';
import { requireKnown } from './known-options.js';
import type { LiveIdentity } from './live/live-identity.js';
import { LiveSource } from './live/live-source.js';
import { requireInRange } from './number-range.js';
import { causeOf } from './updates/bundle-entry.js';
import { MessageReports } from './updates/message-reports.js';
import { OncePerText } from './updates/once-per-text.js';
import { WorkloadApiError } from './workload-api-error.js';
import type { WorkloadApiLogger } from './workload-api-logger.js';

/** Files are written one after the other, and a directory tells of each. */
const SETTLE_MS = 50;

/** Where the files of an identity are. Paths are as for `node:fs`. */
export interface FileIdentityOptions {
  /** PEM certificates: the SVID, then its intermediates. */
  readonly svid: string;
  /** The SVID's private key, PEM, not encrypted (PKCS#8, SEC1 or PKCS#1); none but its owner may have any right on the file. */
  readonly key: string;
  /** The bundle of our own trust domain: PEM certificates, or a SPIFFE bundle document, which brings its JWT keys too. */
  readonly bundle: string;
  /** The bundles of others, in the same two forms, by trust domain name. Default: none. */
  readonly federated?: Readonly<Record<string, string>>;
  /** How often to look at the files, should their directories not tell of a change. Default 10 000. */
  readonly pollMs?: number;
  /** Default: none. */
  readonly logger?: WorkloadApiLogger;
  /** Now, in ms since the epoch, for the validity of the SVID. Default `Date.now`. */
  readonly clock?: () => number;
}

const NAMES: ReadonlySet<string> = new Set<keyof FileIdentityOptions>([
  'svid',
  'key',
  'bundle',
  'federated',
  'pollMs',
  'logger',
  'clock',
]);

/** An identity in files, live. There are no JWT-SVIDs in files: `fetchJwtSvid` rejects. */
export interface FileIdentity extends LiveIdentity, IdentitySource {}

/**
 * Takes an identity from files that something else keeps up to date, and resolves once they were read. From then on they are read
 * again when they change, all together, also where symbolic links are swapped, as Kubernetes does. On return, and after each
 * change: key, SVID and own bundle belong together and the SVID is valid; files that do not are reported and the SVID stays as
 * it was, up to its expiry. Our own bundle stays with it where one of the three cannot be read; where it merely does not prove the SVID, it
 * takes effect, so that an authority that was taken away is not trusted. A federated bundle that cannot be read any more is reported and
 * not trusted, alone (TW-7), whatever is wrong with our own files. Not checked: who may write the files, and the directories on the way to them.
 *
 * Watches directories and has timers until closed; neither holds the process.
 *
 * @throws WorkloadApiError `file_unreadable`, `file_invalid`, `key_file_exposed`, `option_invalid`
 */
export async function fileIdentity(options: FileIdentityOptions): Promise<FileIdentity> {
  requireKnown(options, NAMES);
  const identity = new LiveFileIdentity(options);
  try {
    await identity.open();
  } catch (error) {
    await identity.close();
    throw error;
  }
  return identity;
}

class LiveFileIdentity extends LiveSource<'files'> implements FileIdentity {
  readonly #options: FileIdentityOptions;
  readonly #federated: ReadonlyMap<TrustDomain, string>;
  readonly #paths: readonly string[];
  readonly #pollMs: number;
  readonly #clock: () => number;
  readonly #problems: MessageReports;
  readonly #failures: OncePerText;
  #snapshot: FileSnapshot | undefined;
  #version = '';
  #watched: WatchedPaths | undefined;
  #loading: Promise<void> = Promise.resolve();

  constructor(options: FileIdentityOptions) {
    const { svid, key, bundle, clock = Date.now, pollMs = 10_000 } = options;
    const logger = safeLogger(options.logger);
    super(clock, logger);
    this.#options = { ...options };
    this.#federated = readFederated(options.federated ?? {});
    this.#paths = [svid, key, bundle, ...this.#federated.values()];
    this.#pollMs = requireInRange('pollMs', pollMs, 1);
    this.#clock = clock;
    this.board.add('files', true);
    this.#problems = new MessageReports((problem) => logger.warn(problem));
    this.#failures = new OncePerText((text) => logger.error(text));
  }

  /** Nothing may be wrong at the start, not with a federated bundle either. */
  async open(): Promise<void> {
    // From before the first read, so that no change falls between the two.
    this.#watched = new WatchedPaths({ paths: this.#paths, pollMs: this.#pollMs, settleMs: SETTLE_MS, look: () => this.#look() });
    const first = this.#load((problem) => {
      throw new WorkloadApiError('file_invalid', problem);
    });
    this.#loading = first.catch(() => {});
    await first;
  }

  async fetchJwtSvid(): Promise<JwtSvid> {
    throw new WorkloadApiError('jwt_svid_unavailable', 'an identity in files has no JWT-SVIDs; the Workload API gives them');
  }

  protected override async stop(): Promise<void> {
    this.#watched?.close();
    await this.#loading;
  }

  /** One look after the other. */
  #look(): void {
    this.#loading = this.#loading.then(() => this.#reload());
  }

  /** Never rejects. Files that could not be used are read again though they did not change: time may have healed them. */
  async #reload(): Promise<void> {
    if (this.lifetime.aborted) return;
    try {
      const isFresh = this.board.status().lastError === undefined;
      if (isFresh && (await versionOf(this.#paths)) === this.#version) return;
      this.#problems.begin();
      await this.#load(this.#problems.report);
      this.#failures.forget();
    } catch (cause) {
      const error = cause instanceof WorkloadApiError ? cause : new WorkloadApiError('file_invalid', causeOf(cause), { cause });
      this.#failures.report(error.message);
      this.board.failing('files', error);
    }
  }

  async #load(report: (problem: string) => void): Promise<void> {
    const { contents, version } = await readFileSet(this.#paths, this.#options.key);
    // Of no moment: nothing can be said of any file.
    if (version === '') throw unsettled(contents);
    const snapshot = readFileUpdate(this.#name(contents), { previous: this.#snapshot, now: this.#clock(), report });
    if (this.lifetime.aborted) return;
    this.#version = version;
    this.#snapshot = snapshot;
    this.state.setX509(snapshot.x509);
    this.state.setJwt(snapshot.jwt);
    if (snapshot.x509.refused) throw snapshot.x509.refused;
    this.board.fresh('files');
  }

  #name(contents: Awaited<ReturnType<typeof readFileSet>>['contents']): IdentityContents {
    const missing = { error: new WorkloadApiError('file_unreadable', 'it was not read') };
    const named = this.#paths.map((path, index) => ({ path, content: contents[index] ?? missing }));
    const [svid, key, bundle, ...others] = named;
    if (!svid || !key || !bundle) throw missing.error;
    const federated = new Map([...this.#federated.keys()].map((of, index) => [of, others[index] ?? svid] as const));
    return { svid, key, bundle, federated };
  }
}

function unsettled(contents: Awaited<ReturnType<typeof readFileSet>>['contents']): WorkloadApiError {
  const [first] = contents;
  const why = first && 'error' in first ? first.error.message : 'the files could not be read';
  return new WorkloadApiError('file_unreadable', `${why}; the identity stays as it was`);
}

function readFederated(federated: Readonly<Record<string, string>>): ReadonlyMap<TrustDomain, string> {
  return new Map(
    Object.entries(federated).map(([name, path]) => {
      try {
        return [parseTrustDomain(name), path] as const;
      } catch (cause) {
        throw new WorkloadApiError(
          'option_invalid',
          `federated names bundles by trust domain, and ${JSON.stringify(name)} is none`,
          {
            cause,
          },
        );
      }
    }),
  );
}
