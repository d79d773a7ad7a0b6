/** Loaded first: WebAssembly starts late, and fails as often as FAILURES says. */
import { setTimeout as sleep } from "node:timers/promises";

const starting = WebAssembly as unknown as { instantiate(...args: unknown[]): Promise<unknown> };
const { instantiate } = starting;
let failures = Number(process.env.FAILURES);

starting.instantiate = async (...args) => {
  // Longer than the model takes to be read.
  await sleep(2_000);
  failures -= 1;
  if (failures >= 0) throw new Error("no memory");
  return instantiate(...args);
};
