/** The first index of a sorted list whose element is not before; `isBefore` holds for a beginning of the list. */
export function firstNot<Element>(
  sorted: readonly Element[],
  isBefore: (element: Element) => boolean,
): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle] as Element)) low = middle + 1;
    else high = middle;
  }
  return low;
}
