import type * as z from "zod";
import type { Log } from "../log.ts";
import { readEnvironment } from "../settings/environment.ts";
import { ProcessTracing } from "../tracing/process-tracing.ts";
import { fatalErrorFields } from "./error-fields.ts";
import { processLog } from "./process-log.ts";
import { traceSources } from "./stack-traces.ts";

export interface ServiceDefinition<Config extends z.ZodType> {
  /** Name of the folder and of the service in logs. */
  readonly name: string;
  /** Schema of the environment that infra declares. It is validated when the process starts. */
  readonly config: Config;
  /** Resolves when the service has started or ended. `onStop` callbacks run once, at SIGTERM or SIGINT. */
  readonly run: (config: z.infer<Config>, frame: ServiceFrame) => Promise<void>;
}

export interface ServiceFrame {
  readonly log: Log;
  readonly onStop: (stop: () => void | Promise<void>) => void;
  /** Ends the process, once its spans are sent. */
  readonly exit: (code: number) => Promise<never>;
}

/** The frame of every container: it reads the configuration, handles signals, and exits with code 1 if `run` fails. */
export function defineService<Config extends z.ZodType>({
  name,
  config,
  run,
}: ServiceDefinition<Config>): void {
  traceSources();
  const log = processLog(name);
  const onStop = (stop: () => void | Promise<void>) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        log.info("Stopping", { signal });
        void stop();
      });
    }
  };
  const tracing = new ProcessTracing(name, log);
  const exit = async (code: number) => {
    await tracing.flush();
    return process.exit(code);
  };
  const start = async () => {
    await tracing.ready();
    await run(readEnvironment(config), { log, onStop, exit });
  };
  start().catch((error: unknown) => {
    log.error("The service failed", fatalErrorFields(error));
    return exit(1);
  });
}
