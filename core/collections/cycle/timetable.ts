/** Times of the clock by which the interruptible phases must end. */
export interface Timetable {
  readonly leaseUntil: number;
  readonly drainUntil: number;
  readonly applyUntil: number;
}

/** Reserves the last third for verifying, writing and publishing. */
export function timetable(began: number, deadline: number): Timetable {
  const after = (share: number) => began + share * (deadline - began);
  return { leaseUntil: after(0.4), drainUntil: after(0.5), applyUntil: after(0.67) };
}
