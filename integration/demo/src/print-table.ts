import colors from 'picocolors';
import type { RowResult } from './table.js';

const COLUMNS = ['who', 'credential', 'call', 'expected', 'got', 'reason', 'ms'] as const;
const WIDTHS = [23, 21, 43, 17, 17, 27, 6] as const;

/** Prints rows as they come: an aligned, coloured table on a terminal, plain lines otherwise. */
export class TablePrinter {
  readonly #out: NodeJS.WriteStream;
  readonly #plain: boolean;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
    this.#plain = out.isTTY !== true;
  }

  header(): void {
    this.#line(this.#plain ? `result | ${COLUMNS.join(' | ')}` : colors.bold(`  ${this.#cells(COLUMNS)}`));
  }

  row({ row, ok, status, reason, elapsedMs, problem }: RowResult): void {
    const cells = [row.who, row.credential, row.call, row.expected.status, status, reason, elapsedMs.toFixed(1)];
    if (this.#plain) {
      this.#line([ok ? 'ok' : 'NOT OK', ...cells].join(' | '));
    } else {
      this.#line(`${ok ? colors.green('✓') : colors.red('✗')} ${ok ? this.#cells(cells) : colors.red(this.#cells(cells))}`);
    }
    if (problem !== undefined) {
      this.#line(this.#plain ? `  ${problem}` : colors.red(`  ${problem}`));
    }
  }

  summary(results: readonly RowResult[]): void {
    const failed = results.filter(({ ok }) => !ok).length;
    const text = failed === 0 ? `all ${results.length} rows as expected` : `${failed} of ${results.length} rows NOT as expected`;
    this.#line(this.#plain ? text : failed === 0 ? colors.green(text) : colors.red(text));
  }

  note(text: string): void {
    this.#line(this.#plain ? text : colors.dim(text));
  }

  #cells(cells: readonly string[]): string {
    return cells
      .map((cell, index) => (index === cells.length - 1 ? cell.padStart(WIDTHS[index] ?? 0) : cell.padEnd(WIDTHS[index] ?? 0)))
      .join(' ');
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`);
  }
}
