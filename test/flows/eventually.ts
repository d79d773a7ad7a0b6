import { setTimeout as sleep } from "node:timers/promises";

const everyMs = 100;

/** Repeats a look until it passes; after the time its last failure is the test's. */
export async function eventually<T>(seconds: number, look: () => Promise<T>): Promise<T> {
  const late = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > late) throw error;
    }
    await sleep(everyMs);
  }
}
