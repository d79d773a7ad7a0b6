/** For counted.ts, which calls one of the two. */
export function sizeOf(count: number): string {
  if (count > 1_000) {
    return "many, which it is not";
  }
  return "few";
}

export function halfOf(count: number): number {
  return count / 2;
}
