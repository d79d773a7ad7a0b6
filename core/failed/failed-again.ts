import type { Clock } from "../resilience/clock.ts";
import type { FailedThing } from "./failed-source.ts";

const pollMs = 1_000;
/** SQS counts messages approximately and with a delay. */
const quietMs = 10_000;

export interface HandlingDeps {
  readonly clock: Clock;
  /** Number of messages that are waiting or in flight. */
  readonly underWay: () => Promise<number>;
}

/**
 * Waits until replayed messages are processed, at most until the time `until`. Resolves to the number still in
 * progress.
 */
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

/** The items that have failed since the retry began, without those that could not be retried. */
export function failedSince(
  things: readonly FailedThing[],
  stayed: readonly FailedThing[],
  began: string,
): FailedThing[] {
  const untried = new Set(stayed.map(({ id }) => id));
  return things.filter(({ id, since }) => since >= began && !untried.has(id));
}
