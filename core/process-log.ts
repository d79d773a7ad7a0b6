import { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import type { Log } from "./log.ts";

/** The log of a process, as JSON lines on its standard output. */
export interface ProcessLog extends Log {
  /** Adds the request id and the function's name to every further line. */
  addContext(context: Context): void;
}

/** Its level comes from POWERTOOLS_LOG_LEVEL, which infra/ sets to `logs:level`. */
export function processLog(service: string): ProcessLog {
  return new Logger({ serviceName: service });
}
