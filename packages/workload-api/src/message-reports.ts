/** Passes the problems of a message on, but not again those that the message before had too: agents repeat their full state. */
export class MessageReports {
  readonly #report: (problem: string) => void;
  #before: ReadonlySet<string> = new Set();
  #now = new Set<string>();

  constructor(report: (problem: string) => void) {
    this.#report = report;
  }

  /** The next message begins. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Set();
  }

  readonly report = (problem: string): void => {
    if (!this.#before.has(problem) && !this.#now.has(problem)) this.#report(problem);
    this.#now.add(problem);
  };
}
