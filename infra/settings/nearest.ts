/** Returns the known key that is most similar to `wanted`; undefined if none is close. */
export function nearestKey(wanted: string, known: readonly string[]): string | undefined {
  const name = nameOf(wanted);
  const sameName = known.filter((key) => nameOf(key) === name);
  return sameName.length === 1 ? sameName[0] : nearestWord(wanted, known);
}

/** Returns the known word with the smallest edit distance; undefined if none is close. */
export function nearestWord(wanted: string, known: readonly string[]): string | undefined {
  const byDistance = known
    .map((word) => ({ word, distance: editDistance(wanted, word) }))
    .sort((left, right) => left.distance - right.distance);
  const nearest = byDistance[0];
  return nearest && nearest.distance <= Math.ceil(wanted.length / 4) ? nearest.word : undefined;
}

/** Levenshtein: the fewest single-character insertions, deletions and replacements. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function nameOf(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}
