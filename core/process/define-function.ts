import type * as z from "zod";
import type { MeasuredService } from "../../contract/metrics.ts";
import type { Log } from "../log.ts";
import { type LoggedMetrics, loggedMetrics, silentMetrics } from "../metrics.ts";
import { readEnvironment } from "../settings/environment.ts";
import { ProcessTracing } from "../tracing/process-tracing.ts";
import { fatalErrorFields } from "./error-fields.ts";
import { type InvocationContext, processLog } from "./process-log.ts";
import { traceSources } from "./stack-traces.ts";

/** The log and metrics of a process. */
export interface Telemetry {
  readonly log: Log;
  readonly metrics: LoggedMetrics;
}

/** One invocation of a function. */
export interface Invocation {
  /** Deadline of the work, epoch milliseconds; `reserveMs` before the timeout. */
  readonly giveUpAt: number;
  /** Deadline of finishing, epoch milliseconds: just before the timeout. */
  readonly finishBy: number;
  /** Milliseconds until the timeout, at the start of the invocation. */
  readonly remainingMs: number;
}

export interface FunctionDefinition<Config extends z.ZodType, Deps, Event, Answer> {
  /** Name of the folder and of the service in logs. */
  readonly name: string;
  /** Schema of the environment that infra declares. It is validated when the process starts. */
  readonly config: Config;
  /** Service name of the metrics. @default the function writes none */
  readonly metrics?: MeasuredService;
  /** Built once per process. */
  readonly deps: (config: z.infer<Config>, telemetry: Telemetry) => Deps;
  /** Time before the timeout that is reserved for finishing. @default 0 */
  readonly reserveMs?: number;
  readonly handle: (event: Event, deps: Deps, invocation: Invocation) => Promise<Answer>;
}

/** The time for returning the response. */
const answerMs = 1_000;

const unmeasured: LoggedMetrics = { ...silentMetrics, write() {} };

/**
 * The frame of every Lambda function: it reads the configuration, builds the dependencies, adds the invocation to each
 * log line, traces it, and always writes the metrics. An error of the handler is logged and fails the invocation.
 */
export function defineFunction<Config extends z.ZodType, Deps, Event, Answer>(
  definition: FunctionDefinition<Config, Deps, Event, Answer>,
): (event: Event, context: InvocationContext) => Promise<Answer> {
  traceSources();
  const log = processLog(definition.name);
  const tracing = new ProcessTracing(definition.name, log);
  const metrics = definition.metrics === undefined ? unmeasured : loggedMetrics(definition.metrics);
  const deps = definition.deps(readEnvironment(definition.config), { log, metrics });
  return async (event, context) => {
    log.addContext(context);
    const remainingMs = context.getRemainingTimeInMillis();
    const timeoutAt = Date.now() + remainingMs;
    const giveUpAt = timeoutAt - (definition.reserveMs ?? 0);
    const finishBy = timeoutAt - answerMs;
    try {
      return await tracing.invocation(
        (traceId) => log.appendKeys({ trace_id: traceId }),
        () => definition.handle(event, deps, { giveUpAt, finishBy, remainingMs }),
      );
    } catch (error) {
      log.error("The invocation failed", fatalErrorFields(error));
      throw error;
    } finally {
      metrics.write();
    }
  };
}
