import { setTimeout as sleep } from "node:timers/promises";

/** Runs immediately and then at this interval until the signal aborts. Runs do not overlap. */
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
