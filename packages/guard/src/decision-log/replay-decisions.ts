import type { Policy, PolicyPhase } from '@dirgate/policy';
import { numberLines, readLogFiles } from './decision-log-reader.js';
import { type RecordedAnswer, type RecordedLine, readRecordedLine } from './recorded-decision.js';

/** What {@link replayDecisions} judges again, and by which policy. */
export interface ReplayOptions {
  /** Files of a decision log, compressed by gzip or not, in this order; or its lines. */
  readonly log: string | readonly string[] | AsyncIterable<string>;
  /** The candidate. */
  readonly policy: Policy;
  /** Told of each decision that would be another one. */
  readonly onDifference?: (difference: ReplayDifference) => void;
  /** Told of each decision of which nobody can say, and of each line that is none. */
  readonly onUnjudged?: (line: UnjudgedLine) => void;
}

/** Where a line stands. */
export interface ReplayPlace {
  /** Path of the file; `undefined` where lines came without one. */
  readonly file: string | undefined;
  readonly line: number;
}

/** A decision that the candidate would take otherwise. Its texts are of the log: show them escaped. */
export interface ReplayDifference extends ReplayPlace {
  /** `verdict`: allowed instead of refused, or the other way round. `reasons`: the same verdict for other reasons. */
  readonly kind: 'verdict' | 'reasons';
  readonly decisionId: string;
  readonly timestamp: string;
  /** SPIFFE ID of the caller; `undefined` when the log does not show it. */
  readonly subject: string | undefined;
  readonly method: string | undefined;
  readonly phase: string;
  /** Type, and id where there is one. */
  readonly resource: string | undefined;
  readonly before: RecordedAnswer;
  readonly after: RecordedAnswer;
}

/** A line that was not judged again, and why. */
export interface UnjudgedLine extends ReplayPlace {
  /**
   * `bad_line`: it cannot be read. `input_erased`: the log does not hold what the policy was asked. `input_masked`: the
   * candidate reads what the log does not show. `result_masked`: the log does not show what was answered.
   * `input_undescribed`: the candidate reads facts about resources that the recorded policy did not ask for.
   * `phase_not_judged`: the candidate is not asked in that phase.
   */
  readonly reason: 'bad_line' | 'input_erased' | 'input_masked' | 'input_undescribed' | 'result_masked' | 'phase_not_judged';
  /** The pointer, the phase, or what is wrong with the line. */
  readonly detail: string;
  readonly decisionId?: string | undefined;
}

/** What came of a replay. Every line counts once, except empty ones. */
export interface ReplayReport {
  /** Decisions that were judged again. */
  readonly judged: number;
  /** Of these: with another verdict. */
  readonly changed: number;
  /** Of these: with the same verdict, for other reasons. */
  readonly otherReasons: number;
  /** Decisions that could not be judged again, by reason; of these lines nothing is known. */
  readonly unjudged: Readonly<Record<UnjudgedLine['reason'], number>>;
  /**
   * Phases that the candidate judges and of which no decision was judged again: nothing is known of what it does there. The
   * recorded policy may not have been asked in them.
   */
  readonly unseenPhases: readonly PolicyPhase[];
  /** Lines that tell of something else than a decision of the policy: failed authentications, unknown methods, shadow policies. */
  readonly others: number;
}

/**
 * Judges a recorded decision log again by another policy. What the log does not show and the candidate reads is not guessed:
 * such a decision counts as not judged, never as unchanged.
 *
 * @throws {GuardError} `log_unreadable`
 */
export async function replayDecisions(options: ReplayOptions): Promise<ReplayReport> {
  const { log, policy } = options;
  const report = {
    judged: 0,
    changed: 0,
    otherReasons: 0,
    unjudged: { bad_line: 0, input_erased: 0, input_masked: 0, input_undescribed: 0, result_masked: 0, phase_not_judged: 0 },
    others: 0,
  };
  const seen = new Set<string>();
  const lines = typeof log === 'string' ? readLogFiles([log]) : 'length' in log ? readLogFiles(log) : numberLines(log);
  for await (const { file, line, content } of lines) {
    if ('text' in content && content.text.trim() === '') {
      continue; // what a write that failed leaves behind
    }
    const recorded: RecordedLine = 'text' in content ? readRecordedLine(content.text) : { kind: 'bad', reason: content.problem };
    if (recorded.kind === 'other') {
      report.others += 1;
      continue;
    }
    const outcome = recorded.kind === 'bad' ? unjudged('bad_line', recorded.reason) : judgeAgain(recorded, policy);
    if ('reason' in outcome) {
      report.unjudged[outcome.reason] += 1;
      const decisionId = recorded.kind === 'decision' ? recorded.id : undefined;
      options.onUnjudged?.({ file, line, ...outcome, decisionId });
      continue;
    }
    report.judged += 1;
    seen.add(outcome.phase);
    if (outcome.kind !== 'same') {
      report[outcome.kind === 'verdict' ? 'changed' : 'otherReasons'] += 1;
      options.onDifference?.({ file, line, ...outcome, kind: outcome.kind });
    }
  }
  return { ...report, unseenPhases: policy.phases.filter((phase) => !seen.has(phase)) };
}

type Unjudged = Pick<UnjudgedLine, 'reason' | 'detail'>;
type Judged = Omit<ReplayDifference, keyof ReplayPlace | 'kind'> & { readonly kind: ReplayDifference['kind'] | 'same' };

function judgeAgain(recorded: RecordedLine & { readonly kind: 'decision' }, policy: Policy): Unjudged | Judged {
  const { id, input, phase, changed, undescribed, before, timestamp, subject, method, resource } = recorded;
  if (input === undefined) {
    return unjudged('input_erased', '/input');
  }
  const hidden = changed.find((path) => policy.reads(...path));
  if (hidden !== undefined) {
    return unjudged('input_masked', `/input/${hidden.join('/')}`);
  }
  if (undescribed && policy.reads('resource', 'properties')) {
    return unjudged('input_undescribed', '/input/resource/properties');
  }
  if (before === undefined) {
    return unjudged('result_masked', '/result');
  }
  if (phase === undefined || !policy.phases.includes(phase)) {
    return unjudged('phase_not_judged', phase ?? 'none');
  }
  const after = answer(policy, input);
  const same = before.reasons.toSorted().join('\n') === after.reasons.toSorted().join('\n');
  const kind = before.allow === after.allow ? (same ? 'same' : 'reasons') : 'verdict';
  return { kind, decisionId: id, timestamp, subject, method, phase, resource, before, after };
}

/** As the guard would take it: what fails is a refusal. */
function answer(policy: Policy, input: object): RecordedAnswer {
  const { revision } = policy;
  try {
    const { allow, reasons } = policy.decide(input);
    return { allow: allow === true, reasons, revision };
  } catch {
    return { allow: false, reasons: ['policy_failed'], revision };
  }
}

function unjudged(reason: Unjudged['reason'], detail: string): Unjudged {
  return { reason, detail };
}
