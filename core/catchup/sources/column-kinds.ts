import { readCell } from "../records/cell-value.ts";

const unseen = 0;
const numbers = 1;
const booleans = 2;
const texts = 3;

/**
 * Determines the type of each column in one pass over all rows of a file. A column consists of numbers, or of booleans,
 * if all its non-empty cells do. A single text cell makes it a text column, so that no column has two types (F29, F17).
 */
export class ColumnKinds {
  readonly #columns: readonly string[];
  readonly #kinds: Uint8Array;

  constructor(columns: readonly string[]) {
    this.#columns = columns;
    this.#kinds = new Uint8Array(columns.length);
  }

  /** `cell` is called only for columns that are not known to be text. */
  see(cell: (column: number) => string): void {
    for (let column = 0; column < this.#kinds.length; column += 1) {
      const kind = this.#kinds[column];
      if (kind === texts) continue;
      const seen = kindOf(cell(column));
      if (seen !== unseen && seen !== kind) this.#kinds[column] = kind === unseen ? seen : texts;
    }
  }

  /** Adds what was determined from other rows with the same columns. */
  join(other: ColumnKinds): void {
    other.#kinds.forEach((seen, column) => {
      const kind = this.#kinds[column];
      if (seen !== unseen && seen !== kind) this.#kinds[column] = kind === unseen ? seen : texts;
    });
  }

  get numbers(): string[] {
    return this.#columns.filter((_, column) => this.#kinds[column] === numbers);
  }

  get booleans(): string[] {
    return this.#columns.filter((_, column) => this.#kinds[column] === booleans);
  }
}

function kindOf(cell: string): number {
  const reading = readCell(cell, "auto");
  const value = "value" in reading ? reading.value : undefined;
  if (value === undefined) return unseen;
  if (typeof value === "number") return numbers;
  return typeof value === "boolean" ? booleans : texts;
}
