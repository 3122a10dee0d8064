import { Listeners, type WaitForSource, waitFor } from '@dirgate/live';
import { buildPolicy, revisionOf } from '../build-policy.js';
import type { Bundle } from '../bundle/bundle.js';
import { refuseOlder } from '../bundle/bundle-revision.js';
import type { GrantsFile } from '../grants-file.js';
import type { Policy } from '../policy.js';
import { PolicyError } from '../policy-error.js';
import type { PolicyLogger } from '../policy-logger.js';
import type { LivePolicy, WaitForOptions } from '../policy-source.js';
import type { PolicyStateName, PolicyStatus } from '../policy-status.js';
import { type FoundPart, HeldPart } from './held-part.js';
import type { PolicyPart } from './policy-part.js';

/** What an {@link UpdatedPolicy} is made of. */
export interface UpdatedPolicyOptions {
  readonly bundle: PolicyPart<Bundle>;
  readonly grants: PolicyPart<GrantsFile> | undefined;
  /** How messages name the bundle. */
  readonly origin: string;
  /** Set when a bundle must not be older than the one in force: the oldest of all, if there is one. */
  readonly rollback: { readonly oldest: bigint | undefined } | undefined;
  readonly maxAgeMs: number | undefined;
  readonly clock: () => number;
  readonly logger: PolicyLogger;
}

/** How late listeners may learn of an age that ended before its time. `current()` knows at once. */
const maxTimerMs = 10_000;

interface InForce {
  readonly policy: Policy;
  readonly bundle: Bundle;
  readonly activatedAt: number;
}

/** What checks found; `undefined`: what is in force. */
interface Found {
  readonly bundle: FoundPart<Bundle> | undefined;
  readonly grants: FoundPart<GrantsFile> | undefined;
}

/** A policy that follows its bundle and its grants. What cannot be used never replaces what is in force. */
export class UpdatedPolicy implements LivePolicy<Policy | undefined> {
  readonly #options: UpdatedPolicyOptions;
  readonly #bundle: HeldPart<Bundle>;
  readonly #grants: HeldPart<GrantsFile> | undefined;
  readonly #changes: Listeners;
  readonly #checks: Listeners;
  readonly #lifetime = new AbortController();
  #activating: Promise<void> = Promise.resolve();
  /** Rules, data and revision in one: replaced by one assignment. */
  #inForce: InForce | undefined;
  #shown: Policy | undefined;
  #reported: string | undefined;
  #ageTimer: NodeJS.Timeout | undefined;

  constructor(options: UpdatedPolicyOptions) {
    this.#options = options;
    const { bundle, grants, clock } = options;
    this.#bundle = new HeldPart(bundle, clock, this.#lifetime.signal);
    this.#grants = grants && new HeldPart(grants, clock, this.#lifetime.signal);
    const report = (problem: string): void => options.logger.error(problem);
    this.#changes = new Listeners('a change', report);
    this.#checks = new Listeners('a check', report);
  }

  current(): Policy | undefined {
    return this.#isOverdue() ? undefined : this.#inForce?.policy;
  }

  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  status(): PolicyStatus {
    return Object.freeze({
      state: this.#state(),
      revision: this.#inForce?.policy.revision,
      bundleRevision: this.#inForce?.bundle.manifest.revision,
      activatedAt: this.#inForce?.activatedAt,
      checkedAt: this.#checkedAt(),
      lastCheckedAt: this.#lastCheckedAt(),
      lastError: this.#problem(),
      etag: this.#bundle.part.etag,
    });
  }

  async refresh(): Promise<PolicyStatus> {
    await this.#check(this.#bundle, this.#grants);
    return this.status();
  }

  async waitFor(predicate: () => boolean, options: WaitForOptions = {}): Promise<void> {
    const failure = (...[code, message, cause]: Parameters<WaitForSource['failure']>) => new PolicyError(code, message, cause);
    const watch = (look: () => void) => this.#checks.add(look);
    return waitFor({ name: 'the policy', holds: predicate, watch, end: this.#lifetime.signal, failure }, options);
  }

  /** From before the first check, so that no change falls between the two. */
  watch(): void {
    this.#bundle.part.watch(() => void this.#check(this.#bundle));
    this.#grants?.part.watch(() => void this.#check(this.#grants));
  }

  async close(): Promise<void> {
    this.#lifetime.abort();
    this.#bundle.part.close();
    this.#grants?.part.close();
    clearTimeout(this.#ageTimer);
    await this.#activating;
    this.#checks.tell();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Each part for itself: a server that takes its time must not keep new grants from coming into force. Never rejects. */
  async #check(...parts: readonly (HeldPart<unknown> | undefined)[]): Promise<void> {
    await Promise.all(parts.map((part) => part?.look()));
    this.#activating = this.#activating.then(() => this.#activate());
    await this.#activating;
  }

  /** Brings what is fresh into force. A bundle that cannot be used must not keep grants from it, nor the other way round. */
  async #activate(): Promise<void> {
    if (this.#lifetime.signal.aborted) return;
    // What is tried is what is taken then: meanwhile a check may find something newer.
    const bundle = this.#bundle.fresh;
    const grants = this.#grants?.fresh;
    const attempts: readonly Found[] =
      bundle && grants
        ? [
            { bundle, grants },
            { bundle: undefined, grants },
            { bundle, grants: undefined },
          ]
        : bundle || grants
          ? [{ bundle, grants }]
          : [];
    let problem: unknown;
    for (const found of attempts) {
      try {
        if (!(await this.#swap(found))) continue;
      } catch (error) {
        problem ??= error;
        continue;
      }
      if (found.bundle) this.#bundle.accept(found.bundle);
      if (found.grants) this.#grants?.accept(found.grants);
      break;
    }
    if (problem !== undefined) {
      this.#bundle.refuse(bundle, problem);
      this.#grants?.refuse(grants, problem);
    }
    this.#bundle.settle();
    this.#grants?.settle();
    this.#report();
    this.#tell();
  }

  /** False where not all that it takes is there. */
  async #swap(found: Found): Promise<boolean> {
    const { origin, rollback, clock, logger } = this.#options;
    const bundle = found.bundle?.value ?? this.#bundle.value;
    const grants = found.grants?.value ?? this.#grants?.value;
    if (bundle === undefined || (this.#grants !== undefined && grants === undefined)) return false;
    if (rollback) refuseOlder(bundle, this.#inForce?.bundle, rollback.oldest, origin);
    // The same again, in other files: who holds on to a policy need not let go of it.
    if (this.#inForce?.policy.revision === revisionOf(bundle, grants)) return true;
    const policy = await buildPolicy(bundle, grants, origin);
    this.#inForce = { policy, bundle, activatedAt: clock() };
    const named = bundle.manifest.revision === '' ? '' : `, ${JSON.stringify(bundle.manifest.revision)}`;
    logger.info(`policy ${policy.revision} is in force (${origin}${named})`);
    return true;
  }

  #state(): PolicyStateName {
    if (this.#lifetime.signal.aborted) return 'closed';
    if (this.#inForce === undefined) return 'waiting';
    if (this.#isOverdue()) return 'expired';
    return this.#problem() === undefined ? 'ready' : 'stale';
  }

  #problem(): PolicyError | undefined {
    return this.#bundle.problem ?? this.#grants?.problem;
  }

  /** The part that was not found up to date for longest counts. One that cannot change always is. */
  #checkedAt(): number | undefined {
    if (this.#inForce === undefined) return undefined;
    const live = [this.#bundle, this.#grants].filter((held) => held?.part.isLive).map((held) => held?.checkedAt ?? 0);
    return live.length === 0 ? this.#inForce.activatedAt : Math.min(...live);
  }

  #lastCheckedAt(): number | undefined {
    const times = [this.#bundle.lookedAt, this.#grants?.lookedAt].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  #isOverdue(): boolean {
    const { maxAgeMs, clock } = this.#options;
    if (maxAgeMs === undefined) return false;
    const checkedAt = this.#checkedAt();
    return checkedAt !== undefined && !(clock() - checkedAt <= maxAgeMs); // a clock that gives no number proves nothing
  }

  #report(): void {
    const { logger } = this.#options;
    const problem = this.#problem()?.message;
    // What goes on failing in one way is one report.
    if (problem !== undefined && problem !== this.#reported) {
      logger.warn(
        `${problem} (${this.#inForce ? `policy ${this.#inForce.policy.revision} stays in force` : 'there is no policy'})`,
      );
    }
    this.#reported = problem;
  }

  #tell(): void {
    const current = this.current();
    if (current === undefined && this.#shown !== undefined) {
      this.#options.logger.error(
        'the policy has not been found up to date for too long: there is none any more, and all is denied',
      );
    }
    const isChange = current !== this.#shown;
    this.#shown = current;
    this.#watchAge();
    if (isChange) this.#changes.tell();
    this.#checks.tell();
  }

  #watchAge(): void {
    const { maxAgeMs, clock } = this.#options;
    clearTimeout(this.#ageTimer);
    const checkedAt = this.#checkedAt();
    if (maxAgeMs === undefined || checkedAt === undefined || this.#isOverdue()) return;
    // Timers know nothing of a clock that jumps or of a machine that slept. One that fires early finds nothing, and is set anew.
    const leftMs = Math.min(checkedAt + maxAgeMs + 1 - clock(), maxTimerMs);
    this.#ageTimer = setTimeout(() => this.#tell(), Math.max(leftMs, 1)).unref();
  }
}
