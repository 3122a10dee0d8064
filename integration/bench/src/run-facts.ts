import { cpus, loadavg } from 'node:os';

/** Where and when a run was made. */
export interface RunFacts {
  readonly command: string;
  /** ISO 8601 day. */
  readonly date: string;
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly processor: string;
  readonly pairs: number;
  /** How many processes wanted a core in the minute before; well above 0 means that others were running too. */
  readonly loadBefore: number;
}

/** Reads the machine as it is before a run. */
export function readRunFacts(command: string, pairs: number, now: Date): RunFacts {
  const processors = cpus();
  return {
    command,
    date: now.toISOString().slice(0, 10),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cores: processors.length,
    processor: processors[0]?.model.trim() ?? 'unknown',
    pairs,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The first line of every report. `seconds` is how long the run took. */
export function formatRunFacts(facts: RunFacts, seconds: number): string {
  return (
    `${facts.date}, Node ${facts.node}, ${facts.platform}, ${facts.cores} cores (${facts.processor}), ` +
    `load before the run ${facts.loadBefore.toFixed(1)}, ${facts.pairs} pairs a comparison, ${Math.round(seconds)} s; \`${facts.command}\``
  );
}
