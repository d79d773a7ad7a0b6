import type { Writable } from "node:stream";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

export interface Terminal extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A command that the user may run next. */
export interface Suggestion {
  readonly purpose: string;
  readonly command: string;
}

/** The interval of status lines in a file or pipe. */
const plainStatusEveryMs = 5_000;
const usualColumns = 80;

/** The output of a long command: permanent lines, and below them one status block that is overwritten on a TTY. */
export class Screen {
  readonly #out: Terminal;
  #statusLines = 0;
  #plainStatusAt = Number.NEGATIVE_INFINITY;

  constructor(out: Terminal) {
    this.#out = out;
  }

  /** Adds colour on a TTY; otherwise returns the plain text. */
  paint(style: Style, text: string): string {
    return this.#out.isTTY ? styleText(style, text, { validateStream: false }) : text;
  }

  heading(text: string): void {
    this.print("", this.paint("bold", text));
  }

  print(...lines: string[]): void {
    this.#clearStatus();
    this.#out.write(`${lines.join("\n")}\n`);
  }

  suggest(suggestions: readonly Suggestion[]): void {
    for (const { purpose, command } of suggestions) {
      this.print(`  ${this.paint("dim", `# ${purpose}`)}`, `  ${command}`);
    }
  }

  /** Replaces the last `block` on a TTY; otherwise prints `line` every few seconds. */
  status(block: readonly string[], line: string): void {
    if (this.#out.isTTY) {
      this.#clearStatus();
      // A wrapped line would count as two when the block is erased. Some terminals report 0 columns.
      const width = this.#out.columns || usualColumns;
      this.#out.write(`${block.map((text) => text.slice(0, width)).join("\n")}\n`);
      this.#statusLines = block.length;
    } else if (performance.now() - this.#plainStatusAt >= plainStatusEveryMs) {
      this.#plainStatusAt = performance.now();
      this.#out.write(`${line}\n`);
    }
  }

  #clearStatus(): void {
    if (this.#statusLines > 0) this.#out.write(`\u001b[${this.#statusLines}A\u001b[0J`);
    this.#statusLines = 0;
  }
}
