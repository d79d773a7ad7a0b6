import { LambdaClient } from "@aws-sdk/client-lambda";
import { SFNClient } from "@aws-sdk/client-sfn";
import { taskInvoker } from "../../core/catchup/host/task-invoker.ts";
import { tasksClient } from "../../core/catchup/host/tasks-client.ts";
import { OpenTasks } from "../../core/catchup/tasks/open-tasks.ts";
import { TaskStore } from "../../core/catchup/tasks/task-store.ts";
import { Executions } from "../../core/catchup/work/executions.ts";
import type { WatchDeps } from "../../core/catchup/work/watch-tasks.ts";
import { isWorkedOn } from "../../core/catchup/work/worked-on.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { WatchConfig } from "./config.ts";

/** Shared by all invocations of the process. */
export function watchDeps(config: WatchConfig, { log }: Telemetry): WatchDeps {
  const client = tasksClient();
  const executions = new Executions(new SFNClient({}), config.STATE_MACHINE_ARN);
  const invoke = taskInvoker(new LambdaClient({}));
  return {
    openTasks: new OpenTasks(client, config.TASKS_TABLE),
    tasks: new TaskStore(client, config.TASKS_TABLE),
    kind: executions.kind,
    isWorkedOn: (task) => isWorkedOn(task, executions, Date.now()),
    start: (taskId) => invoke(config.RUN_FUNCTION, taskId),
    settle: (taskId) => invoke(config.SETTLE_FUNCTION, taskId),
    settlingMs: config.SETTLING_SECONDS * 1000,
    now: Date.now,
    log,
  };
}
