/** Preloaded into a process to skew its wall clock by a number of milliseconds. Its monotonic clock is not touched. */
const offBy = Number(process.env.WALL_CLOCK_OFF_BY_MS);
const RightDate = Date;

class SkewedDate extends RightDate {
  constructor(...input: [] | [number | string | Date]) {
    if (input.length === 0) super(RightDate.now() + offBy);
    else super(input[0]);
  }

  static override now(): number {
    return RightDate.now() + offBy;
  }
}

globalThis.Date = SkewedDate as DateConstructor;
