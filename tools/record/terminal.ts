/** Text of one style within a line. */
export interface Span {
  readonly text: string;
  /** SGR codes that are on. */
  readonly styles: readonly number[];
}

export type Line = readonly Span[];

/** What a command has printed at a moment, line by line. */
export interface Moment {
  /** Seconds since the command began. */
  readonly at: number;
  readonly lines: readonly Line[];
}

const resetting = new Set([0, 22, 39]);

/**
 * As much of a terminal as `Screen` uses: line ends, cursor up, erase to the end of the screen, and styles. Other control
 * sequences are dropped.
 */
export class Terminal {
  #lines: Span[][] = [[]];
  #row = 0;
  #styles: number[] = [];

  write(text: string): void {
    for (const [, sequence, control, plain] of text.matchAll(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it reads what a terminal is sent.
      /\u001b\[([\d;?]*[A-Za-z])|(\n)|([^\u001b\r\n]+)/g,
    )) {
      if (sequence !== undefined) this.#escape(sequence);
      else if (control === "\n") this.#next();
      else if (plain !== undefined) this.#lines[this.#row]?.push({ text: plain, styles: [...this.#styles] });
    }
  }

  get lines(): readonly Line[] {
    return this.#lines.map((line) => [...line]);
  }

  #next(): void {
    this.#row += 1;
    this.#lines[this.#row] ??= [];
  }

  #escape(sequence: string): void {
    const numbers = sequence.slice(0, -1).split(";").map(Number);
    const [first = 0] = numbers;
    if (sequence.endsWith("m")) this.#style(numbers);
    else if (sequence.endsWith("A")) this.#row = Math.max(0, this.#row - (first || 1));
    else if (sequence.endsWith("J")) {
      this.#lines = this.#lines.slice(0, this.#row);
      this.#lines[this.#row] = [];
    }
  }

  #style(codes: readonly number[]): void {
    for (const code of codes) {
      if (!resetting.has(code)) this.#styles.push(code);
      else if (code === 0) this.#styles = [];
      else this.#styles = this.#styles.filter((on) => (code === 22 ? on > 2 : on < 30));
    }
  }
}
