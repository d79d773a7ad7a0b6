import type { Clock } from "../resilience/clock.ts";
import type { FailedThing } from "./failed-source.ts";

const pollMs = 1_000;
/** SQS counts approximately, and late. */
const quietMs = 10_000;

export interface HandlingDeps {
  readonly clock: Clock;
  /** Messages that wait or are in flight. */
  readonly underWay: () => Promise<number>;
}

/** Waits until what was sent again is handled, at most until the moment given. Resolves to what is still under way. */
export async function untilHandled({ clock, underWay }: HandlingDeps, until: number): Promise<number> {
  let quietSince: number | undefined;
  for (;;) {
    const left = await underWay();
    const now = clock.now();
    if (left > 0) quietSince = undefined;
    else quietSince ??= now;
    if (quietSince !== undefined && now - quietSince >= quietMs) return 0;
    if (now >= until) return left;
    await clock.sleep(pollMs);
  }
}

/** Of what is there after a retry, what has failed since it began; what stayed behind has not been tried. */
export function failedSince(
  things: readonly FailedThing[],
  stayed: readonly FailedThing[],
  began: string,
): FailedThing[] {
  const untried = new Set(stayed.map(({ id }) => id));
  return things.filter(({ id, since }) => since >= began && !untried.has(id));
}
