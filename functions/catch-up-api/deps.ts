import { InvocationType, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SFNClient } from "@aws-sdk/client-sfn";
import * as z from "zod";
import type { ApiDeps } from "../../core/catchup/api/routes.ts";
import { tasksClient } from "../../core/catchup/host/tasks-client.ts";
import type { PreflightProblem } from "../../core/catchup/preflight/preflight-errors.ts";
import type { ProcessRequest } from "../../core/catchup/requests/process-request.ts";
import { ChunkCounts } from "../../core/catchup/tasks/chunk-counts.ts";
import { Claims } from "../../core/catchup/tasks/claims.ts";
import { TaskStore } from "../../core/catchup/tasks/task-store.ts";
import { Executions } from "../../core/catchup/work/executions.ts";
import { isWorkedOn } from "../../core/catchup/work/worked-on.ts";
import { errorFields, type Log } from "../../core/log.ts";
import type { ApiEnvironment } from "./environment.ts";

const preflightProblems = z.array(z.object({ check: z.string(), problem: z.string() }));

/** What answering callers takes. The clients live as long as the process. */
export function apiDeps(environment: ApiEnvironment, log: Log): ApiDeps {
  const client = tasksClient();
  const executions = new Executions(new SFNClient({}), environment.STATE_MACHINE_ARN);
  const lambda = new LambdaClient({});
  const invoke = async (FunctionName: string, taskId: string) => {
    const Payload = JSON.stringify({ task_id: taskId });
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: InvocationType.Event, Payload }));
  };
  const preflight = async (request: ProcessRequest): Promise<readonly PreflightProblem[]> => {
    const Payload = JSON.stringify({ preflight: request });
    const { FunctionError, Payload: answer } = await lambda.send(
      new InvokeCommand({ FunctionName: environment.RUN_FUNCTION, Payload }),
    );
    const said: unknown = JSON.parse(Buffer.from(answer ?? "null").toString());
    if (FunctionError === undefined) return preflightProblems.parse(said);
    log.warn("The preflight failed; the task starts without it", {
      reason: JSON.stringify(said),
    });
    return [];
  };
  const settle = (taskId: string) => invoke(environment.SETTLE_FUNCTION, taskId);
  return {
    tasks: new TaskStore(client, environment.TASKS_TABLE),
    chunkCounts: new ChunkCounts(client, environment.TASKS_TABLE),
    claims: new Claims(client, environment.TASKS_TABLE),
    preflight: (request) =>
      preflight(request).catch((error: Error) => {
        log.warn("The preflight failed; the task starts without it", errorFields(error));
        return [];
      }),
    start: (taskId) => invoke(environment.RUN_FUNCTION, taskId),
    async stop({ execution_arn }) {
      if (execution_arn !== undefined) await executions.stop(execution_arn);
    },
    isWorkedOn: (task, countedAt = 0) => isWorkedOn(task, countedAt, { executions, settle, log }),
    taskDays: environment.TASK_DAYS,
    usdPerMillionTokens: environment.USD_PER_MILLION_TOKENS,
    defaults: {
      questionId: environment.DEFAULT_QUESTION_ID,
      namespace: environment.DEFAULT_NAMESPACE,
      batchSize: environment.DEFAULT_BATCH_SIZE,
      names: {
        id_column: environment.DEFAULT_ID_COLUMN,
        text_column: environment.DEFAULT_TEXT_COLUMN,
        start_variable: environment.DEFAULT_START_VARIABLE,
        end_variable: environment.DEFAULT_END_VARIABLE,
      },
    },
    now: Date.now,
  };
}
