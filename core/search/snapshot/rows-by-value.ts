/** An index from values to the numbers of the rows that have them, each once and in ascending order. Immutable. */
export class RowsByValue<Value> {
  readonly #rows: ReadonlyMap<Value, readonly number[]>;

  private constructor(rows: ReadonlyMap<Value, readonly number[]>) {
    this.#rows = rows;
  }

  static of<Value>(rows: Iterable<readonly [row: number, values: Iterable<Value>]>): RowsByValue<Value> {
    const lists = new Map<Value, number[]>();
    for (const [row, values] of rows) {
      for (const value of values) {
        const known = lists.get(value);
        if (known === undefined) lists.set(value, [row]);
        else if (known.at(-1) !== row) known.push(row);
      }
    }
    return new RowsByValue(lists);
  }

  with(value: Value): readonly number[] {
    return this.#rows.get(value) ?? [];
  }

  /** The index after these rows have lost and gained values. Shares the lists of all other values. */
  changed(
    rows: Iterable<readonly [row: number, lost: Iterable<Value>, gained: Iterable<Value>]>,
  ): RowsByValue<Value> {
    const changes = new Map<Value, { readonly lost: Set<number>; readonly gained: Set<number> }>();
    const changeOf = (value: Value) => {
      const known = changes.get(value);
      if (known !== undefined) return known;
      const made = { lost: new Set<number>(), gained: new Set<number>() };
      changes.set(value, made);
      return made;
    };
    for (const [row, lost, gained] of rows) {
      const [before, after] = [new Set(lost), new Set(gained)];
      for (const value of before) if (!after.has(value)) changeOf(value).lost.add(row);
      for (const value of after) if (!before.has(value)) changeOf(value).gained.add(row);
    }
    if (changes.size === 0) return this;
    const lists = new Map(this.#rows);
    for (const [value, { lost, gained }] of changes) {
      const left = this.with(value).filter((row) => !lost.has(row));
      const list = gained.size === 0 ? left : [...left, ...gained].sort((one, other) => one - other);
      if (list.length > 0) lists.set(value, list);
      else lists.delete(value);
    }
    return new RowsByValue(lists);
  }
}
