interface ReceiptVector {
  readonly id: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The vectors of one receipt grouped into visual rows, highest first, each from left to right. Embedding records a
 * line's row and its place in it. Words, and vectors in an older format, lack these and form rows of their own.
 */
export function rowsOfVectors<Vector extends ReceiptVector>(vectors: readonly Vector[]): Vector[][] {
  const byRow = Map.groupBy(vectors, ({ metadata, id }) =>
    metadata.word_id === undefined && typeof metadata.row === "number" ? metadata.row : id,
  );
  const rows = [...byRow.values()].map((row) => row.sort(byNumber("column", "x")));
  return rows.sort(([one], [other]) => {
    const [first, second] = [one?.metadata ?? {}, other?.metadata ?? {}];
    return (
      numberOf(first.row) - numberOf(second.row) ||
      numberOf(second.y) - numberOf(first.y) ||
      numberOf(first.x) - numberOf(second.x)
    );
  });
}

function byNumber(...keys: readonly string[]) {
  return (one: ReceiptVector, other: ReceiptVector): number => {
    for (const key of keys) {
      const difference = numberOf(one.metadata[key]) - numberOf(other.metadata[key]);
      if (difference !== 0) return difference;
    }
    return one.id < other.id ? -1 : 1;
  };
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
