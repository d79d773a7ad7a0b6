import { setTimeout as delay } from "node:timers/promises";
import type { FunctionPool } from "../lambda/function-pool.ts";
import { type InvocationResult, TooManyRequestsError } from "../lambda/invocation.ts";

const throttleDelayMilliseconds = 200;

/** Invokes, and again while the function is throttled, until the deadline (epoch milliseconds). Undefined after it. */
export async function invokeThroughThrottles(
  pool: FunctionPool,
  event: string,
  deadline: number,
  signal: AbortSignal,
  trace?: string,
): Promise<InvocationResult | undefined> {
  while (Date.now() < deadline && !signal.aborted) {
    try {
      return await pool.invoke(event, undefined, trace);
    } catch (error) {
      if (!(error instanceof TooManyRequestsError)) throw error;
      await delay(throttleDelayMilliseconds);
    }
  }
  return undefined;
}
