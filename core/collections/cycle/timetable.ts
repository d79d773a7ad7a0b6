/** Moments of the clock by which the phases that can wait have to end. */
export interface Timetable {
  readonly leaseUntil: number;
  readonly drainUntil: number;
  readonly applyUntil: number;
}

/** The last third is for verifying, writing and publishing. */
export function timetable(began: number, deadline: number): Timetable {
  const after = (share: number) => began + share * (deadline - began);
  return { leaseUntil: after(0.4), drainUntil: after(0.5), applyUntil: after(0.67) };
}
