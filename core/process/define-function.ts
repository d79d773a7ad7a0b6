import type * as z from "zod";
import type { Log } from "../log.ts";
import { type LoggedMetrics, loggedMetrics, type MeasuredService, silentMetrics } from "../metrics.ts";
import { readEnvironment } from "../settings/environment.ts";
import { fatalErrorFields } from "./error-fields.ts";
import { type InvocationContext, processLog } from "./process-log.ts";

/** How a process reports what it does. */
export interface Telemetry {
  readonly log: Log;
  readonly metrics: LoggedMetrics;
}

/** One call of a function. */
export interface Invocation {
  /** When the work has to be over, so that `reserveMs` is left for ending it; epoch milliseconds. */
  readonly giveUpAt: number;
  /** Milliseconds until Lambda ends the invocation, as it began. */
  readonly remainingMs: number;
}

export interface FunctionDefinition<Config extends z.ZodType, Deps, Event, Answer> {
  /** As in the folder and in the logs. */
  readonly name: string;
  /** The environment that infra declares. Every problem of it is reported when the process starts. */
  readonly config: Config;
  /** In whose name metrics are written. @default the function writes none */
  readonly metrics?: MeasuredService;
  /** Built once per process. */
  readonly deps: (config: z.infer<Config>, telemetry: Telemetry) => Deps;
  /** Kept back from the time limit for what follows the work. @default 0 */
  readonly reserveMs?: number;
  readonly handle: (event: Event, deps: Deps, invocation: Invocation) => Promise<Answer>;
}

const unmeasured: LoggedMetrics = { ...silentMetrics, write() {} };

/**
 * The frame of every Lambda function: it reads the configuration, builds the dependencies, puts the invocation into each
 * log line, and writes the metrics whatever happens. A handler that throws fails the invocation, and its reason is logged.
 */
export function defineFunction<Config extends z.ZodType, Deps, Event, Answer>(
  definition: FunctionDefinition<Config, Deps, Event, Answer>,
): (event: Event, context: InvocationContext) => Promise<Answer> {
  const log = processLog(definition.name);
  const metrics = definition.metrics === undefined ? unmeasured : loggedMetrics(definition.metrics);
  const deps = definition.deps(readEnvironment(definition.config), { log, metrics });
  return async (event, context) => {
    log.addContext(context);
    const remainingMs = context.getRemainingTimeInMillis();
    const giveUpAt = Date.now() + remainingMs - (definition.reserveMs ?? 0);
    try {
      return await definition.handle(event, deps, { giveUpAt, remainingMs });
    } catch (error) {
      log.error("The invocation failed", fatalErrorFields(error));
      throw error;
    } finally {
      metrics.write();
    }
  };
}
