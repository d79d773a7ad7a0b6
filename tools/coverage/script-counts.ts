/** A range of a script's characters and how often it ran, as V8 writes it. Ranges are nested or apart. */
export interface CountedRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** How often the code at each offset ran: the count of the innermost range. Offsets must ascend. */
export function countsAt(ranges: readonly CountedRange[], offsets: readonly number[]): number[] {
  const inOrder = ranges.toSorted(
    (left, right) => left.startOffset - right.startOffset || right.endOffset - left.endOffset,
  );
  const around: CountedRange[] = [];
  let next = 0;
  return offsets.map((offset) => {
    for (;;) {
      const range = inOrder[next];
      if (range === undefined || range.startOffset > offset) break;
      leave(around, range.startOffset);
      around.push(range);
      next += 1;
    }
    leave(around, offset);
    return around.at(-1)?.count ?? 0;
  });
}

function leave(around: CountedRange[], offset: number): void {
  while ((around.at(-1)?.endOffset ?? Number.POSITIVE_INFINITY) <= offset) around.pop();
}
