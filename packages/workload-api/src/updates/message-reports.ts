/** Of a message with thousands of problems, so many are told one by one. */
const MAX_TOLD = 100;

/** Passes the problems of a message on, but not again those that the message before had too: agents repeat their full state. */
export class MessageReports {
  readonly #report: (problem: string) => void;
  #before: ReadonlySet<string> = new Set();
  #now = new Set<string>();
  #told = 0;

  constructor(report: (problem: string) => void) {
    this.#report = report;
  }

  /** The next message begins. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Set();
    this.#told = 0;
  }

  readonly report = (problem: string): void => {
    const isNew = !this.#before.has(problem) && !this.#now.has(problem);
    this.#now.add(problem);
    if (!isNew) return;
    this.#told += 1;
    if (this.#told <= MAX_TOLD) this.#report(problem);
    else if (this.#told === MAX_TOLD + 1)
      this.#report('there are more problems of this kind in one message; they are not listed');
  };
}
