import { functionArn, functionConfiguration } from "../../lambda/function-configuration.ts";
import type { FunctionPool } from "../../lambda/function-pool.ts";
import type { Functions } from "../../lambda/functions.ts";
import { TooManyRequestsError } from "../../lambda/invocation.ts";
import { type Route, readRoute } from "../../lambda/routes.ts";
import type { Mappings } from "../../mappings/mappings.ts";
import {
  type ApiCall,
  AwsError,
  type LocalService,
  type Permission,
  type Reply,
} from "../../protocol/service.ts";
import { lambdaMappingActions } from "./mapping-actions.ts";

const maxEventBytes = { RequestResponse: 6 * 1024 * 1024, Event: 1024 * 1024 };
const logTailBytes = 4096;

/** AWS Lambda's API over the functions and mappings of this process. */
export function lambdaService(functions: Functions, mappings: Mappings): LocalService {
  const actions: Record<string, (call: ApiCall, route: Route) => Reply | Promise<Reply>> = {
    Invoke: (call, { id }) => invoke(functions, existing(functions, id), call),
    GetFunction: (_, { id }) =>
      json(200, { Configuration: functionConfiguration(existing(functions, id).definition) }),
    GetFunctionConfiguration: (_, { id }) =>
      json(200, functionConfiguration(existing(functions, id).definition)),
    ListFunctions: () =>
      json(200, { Functions: functions.all().map(({ definition }) => functionConfiguration(definition)) }),
    ...lambdaMappingActions(mappings),
  };
  return {
    names: ["lambda"],
    permissions: (call) => permissions(readRoute(call)),
    async handle(call) {
      const route = readRoute(call);
      const action = actions[route.action];
      if (action === undefined) throw new Error(`${route.action} is routed to nothing.`);
      return action(call, route);
    },
    renderError: (error) => ({
      status: error.status,
      headers: { "content-type": "application/json", "x-amzn-errortype": error.code },
      body: JSON.stringify({ Type: "User", Message: error.message, message: error.message }),
    }),
  };
}

function permissions({ action, id }: Route): Permission[] {
  if (action === "Invoke") return [{ action: "lambda:InvokeFunction", resource: functionArn(id) }];
  if (action.startsWith("GetFunction")) return [{ action: `lambda:${action}`, resource: functionArn(id) }];
  return [{ action: `lambda:${action}`, resource: "*" }];
}

function existing(functions: Functions, id: string): FunctionPool {
  const pool = functions.find(id);
  if (pool !== undefined) return pool;
  throw new AwsError(404, "ResourceNotFoundException", `Function not found: ${functionArn(id)}`);
}

async function invoke(functions: Functions, pool: FunctionPool, call: ApiCall): Promise<Reply> {
  const type = call.headers["x-amz-invocation-type"] ?? "RequestResponse";
  const event = call.body.length === 0 ? "{}" : call.body.toString("utf8");
  if (type === "DryRun") return { status: 204, headers: {}, body: "" };
  if (type !== "Event" && type !== "RequestResponse") {
    throw new AwsError(400, "InvalidParameterValueException", `Unknown invocation type: ${type}`);
  }
  checkEvent(event, maxEventBytes[type]);
  if (type === "Event") {
    return { status: 202, headers: { "x-amzn-requestid": functions.invokeLater(pool, event) }, body: "" };
  }
  const result = await pool.invoke(event).catch((error: unknown) => {
    if (!(error instanceof TooManyRequestsError)) throw error;
    throw new AwsError(429, "TooManyRequestsException", error.message);
  });
  const tail = Buffer.from(result.log.join("\n")).subarray(-logTailBytes).toString("base64");
  return {
    status: 200,
    headers: {
      "content-type": "application/json",
      "x-amz-executed-version": "$LATEST",
      ...(result.failed ? { "x-amz-function-error": "Unhandled" } : {}),
      ...(call.headers["x-amz-log-type"] === "Tail" ? { "x-amz-log-result": tail } : {}),
    },
    body: result.payload,
  };
}

function checkEvent(event: string, maxBytes: number): void {
  if (Buffer.byteLength(event) > maxBytes) {
    throw new AwsError(
      413,
      "RequestTooLargeException",
      `Request must be smaller than ${maxBytes} bytes for the InvokeFunction operation`,
    );
  }
  try {
    JSON.parse(event);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError(
      400,
      "InvalidRequestContentException",
      `Could not parse request body into json: ${reason}`,
    );
  }
}

function json(status: number, body: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
