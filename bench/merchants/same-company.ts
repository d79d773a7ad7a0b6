const forms = /\b(?:sdn|bhd|s\/?b|plt|co|company|m)\b/g;
/** Share of a name that may differ: keys have misprints of their own. */
const misprints = 0.15;

/**
 * Whether two names of keys are of one company. It is no rule of the product, so that a mistake of its rules does not hide itself.
 */
export function isSameCompany(one: string, other: string): boolean {
  const [a, b] = [bare(one), bare(other)];
  return a === b || distance(a, b) <= misprints * Math.max(a.length, b.length);
}

function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/\./g, " ")
    .replace(forms, " ")
    .replace(/[^a-z0-9]/g, "");
}

/** Levenshtein's. */
function distance(one: string, other: string): number {
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let at = 1; at <= other.length; at++) {
      const change = (last[at - 1] ?? 0) + (one[row - 1] === other[at - 1] ? 0 : 1);
      next.push(Math.min(change, (last[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    last = next;
  }
  return last[other.length] ?? 0;
}
