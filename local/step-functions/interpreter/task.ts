import { z } from "zod";
import { region } from "../../protocol/account.ts";
import type { TaskState } from "../graph/definition.ts";
import { payloadText, StatesError } from "../states-error.ts";
import { pause, underOwnSignal, unlessAborted } from "./aborting.ts";
import { record } from "./thread.ts";
import { type Left, leaveWith, numberField, type Visit } from "./visit.ts";

/** The supported parameters of a Lambda invocation. */
const invokeArguments = z.strictObject({ FunctionName: z.string(), Payload: z.unknown().optional() });

/** Events and their details differ between the integration and a function's ARN. */
interface Recorder {
  readonly prefix: "Task" | "LambdaFunction";
  readonly common: object;
}

const ofIntegration: Recorder = {
  prefix: "Task",
  common: { resourceType: "lambda", resource: "invoke" },
};
const ofFunction: Recorder = { prefix: "LambdaFunction", common: {} };

/** Invokes a function, by the optimized integration `lambda:invoke` or by its ARN. */
export async function task(visit: Visit<TaskState>): Promise<Left> {
  const { state, language, scope, thread } = visit;
  const given = await language.workInput(state, scope);
  const parameters = payloadText(given, `The arguments of the state '${state.name}'`);
  const isIntegration = state.Resource.startsWith("arn:aws:states:::");
  const recorder = isIntegration ? ofIntegration : ofFunction;
  const timeout = await numberField(visit, state, "TimeoutSeconds");
  recordStep(visit, recorder, "Scheduled", {
    ...(isIntegration ? { region, parameters } : { resource: state.Resource, input: parameters }),
    timeoutInSeconds: timeout,
  });
  recordStep(visit, recorder, "Started");
  try {
    const result = await withTimeout(thread.signal, timeout, () =>
      isIntegration ? invokeIntegration(visit, given) : invokeFunction(visit, given),
    );
    const output = payloadText(result, `The state/task '${state.name}'`);
    recordStep(visit, recorder, "Succeeded", { output });
    return await leaveWith(visit, result);
  } catch (error) {
    if (error instanceof StatesError) {
      const step = error.error === "States.Timeout" ? "TimedOut" : "Failed";
      recordStep(visit, recorder, step, { error: error.error, cause: error.cause });
    }
    throw error;
  }
}

async function invokeIntegration({ thread, state }: Visit<TaskState>, given: unknown): Promise<unknown> {
  const parsed = invokeArguments.safeParse(given);
  if (!parsed.success) {
    throw new StatesError(
      "States.Runtime",
      `The arguments of the state '${state.name}' are not those of lambda:invoke that are known here: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { FunctionName, Payload } = parsed.data;
  const { requestId, payload } = await thread.run.services.invoke(FunctionName, Payload ?? {});
  return {
    ExecutedVersion: "$LATEST",
    Payload: payload,
    SdkHttpMetadata: { HttpStatusCode: 200 },
    SdkResponseMetadata: { RequestId: requestId },
    StatusCode: 200,
  };
}

async function invokeFunction({ thread, state }: Visit<TaskState>, given: unknown): Promise<unknown> {
  return (await thread.run.services.invoke(state.Resource, given)).payload;
}

/** The function itself keeps running, as on AWS; its response is ignored. */
function withTimeout<T>(
  signal: AbortSignal,
  seconds: number | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return unlessAborted(signal, work);
  return underOwnSignal(signal, async (own, abort) => {
    const timer = pause(seconds, own).then(() => {
      throw new StatesError("States.Timeout", `The state did not finish within ${seconds} seconds.`);
    });
    try {
      return await Promise.race([unlessAborted(signal, work), timer]);
    } finally {
      timer.catch(() => {});
      abort();
    }
  });
}

function recordStep(
  { thread }: Visit<TaskState>,
  { prefix, common }: Recorder,
  step: string,
  details = {},
): void {
  const key = `${prefix.charAt(0).toLowerCase()}${prefix.slice(1)}${step}EventDetails`;
  record(thread, `${prefix}${step}`, { [key]: { ...common, ...details } });
}
