import { Logger } from "@aws-lambda-powertools/logger";
import type { Log } from "../log.ts";

/** What the frame needs of Lambda's context. */
export type InvocationContext = Parameters<Logger["addContext"]>[0] & {
  getRemainingTimeInMillis(): number;
};

/** The log of a process, as JSON lines on its standard output. */
export interface ProcessLog extends Log {
  /** Adds the request id and the function's name to every further line. */
  addContext(context: InvocationContext): void;
}

/** Its level comes from POWERTOOLS_LOG_LEVEL, which infra/ sets to `logs:level`. */
export function processLog(service: string): ProcessLog {
  return new Logger({ serviceName: service });
}
