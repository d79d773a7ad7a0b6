import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SFNClient } from "@aws-sdk/client-sfn";
import * as z from "zod";
import type { ApiDeps } from "../../core/catchup/api/routes.ts";
import { pricesOf } from "../../core/catchup/host/models-config.ts";
import { requestDefaults } from "../../core/catchup/host/request-defaults.ts";
import { taskInvoker } from "../../core/catchup/host/task-invoker.ts";
import { tasksClient } from "../../core/catchup/host/tasks-client.ts";
import type { PreflightProblem } from "../../core/catchup/preflight/preflight-errors.ts";
import type { ProcessRequest } from "../../core/catchup/requests/process-request.ts";
import { ChunkCounts } from "../../core/catchup/tasks/chunk-counts.ts";
import { Claims } from "../../core/catchup/tasks/claims.ts";
import { TaskStore } from "../../core/catchup/tasks/task-store.ts";
import { Executions } from "../../core/catchup/work/executions.ts";
import { isWorkedOn } from "../../core/catchup/work/worked-on.ts";
import { errorFields } from "../../core/log.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { ApiConfig } from "./config.ts";

const preflightProblems = z.array(z.object({ check: z.string(), problem: z.string() }));

export interface ApiFunctionDeps extends ApiDeps {
  /** Origins whose pages may call from a browser. */
  readonly corsOrigins: readonly string[];
}

/** The dependencies of the API. The clients live as long as the process. */
export function apiDeps(config: ApiConfig, { log }: Telemetry): ApiFunctionDeps {
  const client = tasksClient();
  const executions = new Executions(new SFNClient({}), config.STATE_MACHINE_ARN);
  const lambda = new LambdaClient({});
  const invoke = taskInvoker(lambda);
  const preflight = async (request: ProcessRequest): Promise<readonly PreflightProblem[]> => {
    const Payload = JSON.stringify({ preflight: request });
    const { FunctionError, Payload: answer } = await lambda.send(
      new InvokeCommand({ FunctionName: config.RUN_FUNCTION, Payload }),
    );
    const said: unknown = JSON.parse(Buffer.from(answer ?? "null").toString());
    if (FunctionError === undefined) return preflightProblems.parse(said);
    log.warn("The preflight failed; the task starts without it", {
      reason: JSON.stringify(said),
    });
    return [];
  };
  return {
    tasks: new TaskStore(client, config.TASKS_TABLE),
    chunkCounts: new ChunkCounts(client, config.TASKS_TABLE),
    claims: new Claims(client, config.TASKS_TABLE),
    preflight: (request) =>
      preflight(request).catch((error: Error) => {
        log.warn("The preflight failed; the task starts without it", errorFields(error));
        return [];
      }),
    kind: executions.kind,
    start: (taskId) => invoke(config.RUN_FUNCTION, taskId),
    async stop({ task_id, worked_on_by, lane }) {
      if (worked_on_by?.kind === executions.kind) await executions.stop(worked_on_by.id);
      if (lane === "batch") await invoke(config.BATCH_FUNCTION, task_id);
    },
    isWorkedOn: (task) => isWorkedOn(task, executions, Date.now()),
    corsOrigins: config.CORS_ORIGINS,
    taskDays: config.TASK_DAYS,
    usdPerMillionTokens: pricesOf(config),
    defaults: requestDefaults(config),
    now: Date.now,
  };
}
