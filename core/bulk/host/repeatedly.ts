import { setTimeout as sleep } from "node:timers/promises";

/** Runs at once and then at this interval, one run at a time, until the signal. */
export function repeatedly(
  everyMs: number,
  signal: AbortSignal,
  run: () => Promise<void>,
  onFailure: (error: unknown) => void,
): void {
  void (async () => {
    while (!signal.aborted) {
      await run().catch(onFailure);
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
}
