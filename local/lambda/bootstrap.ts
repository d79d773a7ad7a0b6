/**
 * The first program of a function's process: loads the handler, then receives invocations from the Runtime API one
 * after the other, like Lambda's own Node.js runtime.
 */
import { existsSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { dieWithTheStack } from "../processes/lifeline.ts";
import { endOfInvocation } from "./process-protocol.ts";

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Context {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

type Handler = (event: unknown, context: Context) => unknown;

const agent = new Agent({ keepAlive: true });
const runtimeApi = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const environment = (name: string) => process.env[name] ?? "";
let requestId = "";

function callRuntimeApi(method: "GET" | "POST", path: string, body = "", errorType = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = errorType === "" ? {} : { "Lambda-Runtime-Function-Error-Type": errorType };
    request(`${runtimeApi}${path}`, { method, agent, headers }, (response) => {
      text(response).then((answer) => resolve({ headers: response.headers, body: answer }), reject);
    })
      .on("error", reject)
      .end(body);
  });
}

/** `time, request id, level, message` in one line, as Lambda's text log format has it. */
function logLikeLambda(): void {
  const methods = { debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", trace: "TRACE" };
  for (const [method, level] of Object.entries(methods)) {
    const stream = level === "ERROR" || level === "WARN" ? process.stderr : process.stdout;
    console[method as keyof typeof methods] = (...words: unknown[]) => {
      const message = format(...words).replaceAll("\n", "\r");
      stream.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${message}\n`);
    };
  }
}

async function loadHandler(): Promise<Handler> {
  const [module = "", name = ""] = environment("_HANDLER").split(".");
  const stem = join(environment("LAMBDA_TASK_ROOT"), module);
  const file = [".mjs", ".js", ".cjs"].map((extension) => stem + extension).find(existsSync);
  if (file === undefined) throw named("Runtime.ImportModuleError", `Cannot find module '${module}'`);
  const handler: unknown = (await import(pathToFileURL(file).href))[name];
  if (typeof handler !== "function") {
    throw named("Runtime.HandlerNotFound", `${environment("_HANDLER")} is undefined or not exported`);
  }
  if (handler.length >= 3) {
    throw named(
      "Runtime.CallbackHandlerDeprecated",
      "This Node.js runtime has no callback handlers. Use an async function.",
    );
  }
  return handler as Handler;
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function describe(thrown: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(thrown instanceof Error))
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? "").split("\n") };
}

function contextOf(headers: IncomingHttpHeaders): Context {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    functionName: environment("AWS_LAMBDA_FUNCTION_NAME"),
    functionVersion: environment("AWS_LAMBDA_FUNCTION_VERSION"),
    invokedFunctionArn: String(headers["lambda-runtime-invoked-function-arn"]),
    memoryLimitInMB: environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    awsRequestId: requestId,
    logGroupName: environment("AWS_LAMBDA_LOG_GROUP_NAME"),
    logStreamName: environment("AWS_LAMBDA_LOG_STREAM_NAME"),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/** Marks both streams, so that the stack knows to have read every line before the answer counts. */
function markEndOfInvocation(): void {
  process.stdout.write(`${endOfInvocation}\n`);
  process.stderr.write(`${endOfInvocation}\n`);
}

async function reportError(path: string, title: string, thrown: unknown): Promise<void> {
  const error = describe(thrown);
  console.error(`${title} \t${JSON.stringify({ ...error, stack: error.trace })}`);
  markEndOfInvocation();
  await callRuntimeApi("POST", path, JSON.stringify(error), error.errorType);
}

async function handleNext(handler: Handler): Promise<void> {
  const { headers, body } = await callRuntimeApi("GET", "/invocation/next");
  requestId = String(headers["lambda-runtime-aws-request-id"]);
  // The SDK passes it on with each request, as it does on AWS.
  process.env._X_AMZN_TRACE_ID = String(headers["lambda-runtime-trace-id"]);
  let answer: string;
  try {
    answer = JSON.stringify(await handler(JSON.parse(body), contextOf(headers))) ?? "null";
  } catch (thrown) {
    await reportError(`/invocation/${requestId}/error`, "Invoke Error", thrown);
    return;
  }
  markEndOfInvocation();
  await callRuntimeApi("POST", `/invocation/${requestId}/response`, answer);
}

async function endBecauseOf(thrown: unknown, type: string): Promise<void> {
  const error = named(type, thrown instanceof Error ? thrown.message : String(thrown));
  if (thrown instanceof Error && thrown.stack !== undefined) error.stack = thrown.stack;
  if (requestId !== "") await reportError(`/invocation/${requestId}/error`, "Uncaught Exception", error);
  process.exit(128);
}

async function run(): Promise<void> {
  let handler: Handler;
  try {
    handler = await loadHandler();
  } catch (thrown) {
    await reportError("/init/error", "Uncaught Exception", thrown);
    process.exit(1);
  }
  for (;;) await handleNext(handler);
}

dieWithTheStack();
logLikeLambda();
process.on("uncaughtException", (thrown) => void endBecauseOf(thrown, "Runtime.UncaughtException"));
process.on("unhandledRejection", (thrown) => void endBecauseOf(thrown, "Runtime.UnhandledPromiseRejection"));
run().catch(() => process.exit(1));
