import { readCell } from "../records/cell-value.ts";

const unseen = 0;
const numbers = 1;
const booleans = 2;
const texts = 3;

/**
 * What the columns of a file hold, seen once over all of its rows: a column is one of numbers, or of booleans, where every cell
 * that is not empty is one. One cell of text makes a column of text, so that no column has two types (F29, F17).
 */
export class ColumnKinds {
  readonly #columns: readonly string[];
  readonly #kinds: Uint8Array;

  constructor(columns: readonly string[]) {
    this.#columns = columns;
    this.#kinds = new Uint8Array(columns.length);
  }

  /** `cell` is asked only for columns that are not texts already. */
  see(cell: (column: number) => string): void {
    for (let column = 0; column < this.#kinds.length; column += 1) {
      const kind = this.#kinds[column];
      if (kind === texts) continue;
      const seen = kindOf(cell(column));
      if (seen !== unseen && seen !== kind) this.#kinds[column] = kind === unseen ? seen : texts;
    }
  }

  /** Adds what was seen of the same columns elsewhere. */
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
