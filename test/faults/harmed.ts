import type { Application } from "./application.ts";
import { expectClean } from "./clean.ts";
import { type PolledQueue, poll } from "./mapping.ts";
import { ProcessGoneError } from "./process/cycle-process.ts";
import type { Moment } from "./process/harm.ts";
import { recover } from "./recovery.ts";
import type { Stack } from "./stack.ts";

export interface Scene {
  readonly stack: Stack;
  readonly application: Application;
}

export interface HarmOptions {
  /** Whether the moment is reached for certain; one that was drawn may come too late. */
  readonly isSure?: boolean;
  /** Whose messages the process takes. @default lines */
  readonly queue?: PolledQueue;
  readonly slowMs?: number;
  readonly wallClockOffByMs?: number;
}

/** A process is killed at the moment; others take over. */
export async function killed({ stack, application }: Scene, at: Moment, options: HarmOptions = {}) {
  const { isSure = true, queue = "lines", ...others } = options;
  const victim = await stack.process({ harms: [{ at, signal: "SIGKILL", to: "itself" }], ...others });
  const ended = await poll(stack, queue, victim).catch((error: Error) => error);
  if (isSure) expect(ended).toBeInstanceOf(ProcessGoneError);
  await recover(stack);
  await expectClean(stack, application);
}

/** A process is paused at that moment; others take over; then it resumes. */
export async function paused({ stack, application }: Scene, at: Moment, options: HarmOptions = {}) {
  const { isSure = true, queue = "lines", ...others } = options;
  const victim = await stack.process({ harms: [{ at, signal: "SIGSTOP", to: "itself" }], ...others });
  const polled = poll(stack, queue, victim).catch((error: Error) => error);
  const first = await Promise.race([victim.stopped(), polled]);
  if (isSure) expect(first).toBeUndefined();
  await recover(stack);
  victim.goOn();
  await polled;
  await recover(stack);
  await expectClean(stack, application);
}
