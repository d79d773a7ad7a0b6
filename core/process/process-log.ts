import { Logger } from "@aws-lambda-powertools/logger";
import type { Log } from "../log.ts";

/** The parts of Lambda's context that the frame uses. */
export type InvocationContext = Parameters<Logger["addContext"]>[0] & {
  getRemainingTimeInMillis(): number;
};

/** The log of a process: JSON lines on standard output and standard error. */
export interface ProcessLog extends Log {
  /** Adds the request id and the function's name to every further line. */
  addContext(context: InvocationContext): void;
  /** Adds the id of the current trace to every further line. */
  appendKeys(keys: { readonly trace_id: string }): void;
}

/** The level comes from POWERTOOLS_LOG_LEVEL, which infra/ sets to `logs:level`. */
export function processLog(service: string): ProcessLog {
  return new Logger({ serviceName: service });
}
