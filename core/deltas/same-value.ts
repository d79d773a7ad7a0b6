/** Chroma returns about one float in ten with a different last digit. */
const lastDigits = 1e-12;

/** Whether two values are equal as far as Chroma preserves them. A string never equals a number. */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "number" || typeof other !== "number") return false;
  return Math.abs(one - other) <= lastDigits * Math.max(Math.abs(one), Math.abs(other));
}
