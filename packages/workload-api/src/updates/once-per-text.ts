/** Passes a report on unless it was made just before: what goes on failing in one way is one report, not one per attempt. */
export class OncePerText {
  readonly #report: (text: string) => void;
  #last: string | undefined;

  constructor(report: (text: string) => void) {
    this.#report = report;
  }

  report(text: string): void {
    if (text === this.#last) return;
    this.#last = text;
    this.#report(text);
  }

  /** It stopped failing: the next report is passed on in any case. */
  forget(): void {
    this.#last = undefined;
  }
}
