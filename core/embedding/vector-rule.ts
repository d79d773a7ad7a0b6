/** Bounds of the squared length: outside them float32 arithmetic overflows to infinity, or underflows to zero. */
const maxSquaredLength = 2 ** 127;
const minSquaredLength = 2 ** -126;

/**
 * Why numbers are not a valid vector; undefined if they are. Cosine similarity needs a direction: every number must be
 * finite as float32, and float32 must be able to square the length. A NaN distance compares with nothing, so such a
 * vector would match any query.
 */
export function vectorProblem(values: ArrayLike<number>): string | undefined {
  let squaredLength = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = Math.fround(values[at] ?? Number.NaN);
    squaredLength += value * value;
  }
  if (squaredLength >= minSquaredLength && squaredLength <= maxSquaredLength) return undefined;
  return Number.isFinite(squaredLength) ? ofLength(squaredLength) : ofNumbers(values);
}

function ofLength(squaredLength: number): string {
  if (squaredLength === 0) return "a vector of zeros has no direction";
  return `its length is ${Math.sqrt(squaredLength).toPrecision(3)}, which float32 cannot square: scale it to length 1`;
}

function ofNumbers(values: ArrayLike<number>): string {
  const at = Array.prototype.findIndex.call(values, (value: number) => !Number.isFinite(Math.fround(value)));
  const value = values[at];
  const what = Number.isFinite(value) ? `${value}, which float32 cannot hold` : `${value}`;
  return `number ${at} is ${what}`;
}
