/** An index from values to the numbers of the rows that have them, each once and in ascending order. */
export class RowsByValue<Value> {
  readonly #rows = new Map<Value, number[]>();

  constructor(rows: Iterable<readonly [row: number, values: Iterable<Value>]>) {
    for (const [row, values] of rows) {
      for (const value of values) {
        const known = this.#rows.get(value);
        if (known === undefined) this.#rows.set(value, [row]);
        else if (known.at(-1) !== row) known.push(row);
      }
    }
  }

  with(value: Value): readonly number[] {
    return this.#rows.get(value) ?? [];
  }
}
