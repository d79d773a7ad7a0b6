import { functionArn } from "../lambda/function-configuration.ts";
import type { Functions } from "../lambda/functions.ts";
import { type InvocationResult, newRequestId, TooManyRequestsError } from "../lambda/invocation.ts";
import type { RolePlatform } from "../lambda/role-platform.ts";
import { AccessDeniedError } from "../protocol/service.ts";
import type { InvokeAnswer, RoleServices } from "./interpreter/thread.ts";
import { StatesError } from "./states-error.ts";

/** Calls other services with the state machine's role, and converts their errors to those of Step Functions. */
export function roleServices(platform: RolePlatform, functions: Functions, roleName: string): RoleServices {
  return {
    s3: platform.clients(roleName).s3,
    async invoke(nameOrArn, payload) {
      authorizeInvoke(platform, roleName, nameOrArn);
      const pool = functions.find(nameOrArn);
      if (pool === undefined) {
        throw lambdaError("ResourceNotFoundException", `Function not found: ${functionArn(nameOrArn)}`, 404);
      }
      const event = JSON.stringify(payload ?? null);
      const result = await pool.invoke(event).catch((error: unknown) => {
        if (!(error instanceof TooManyRequestsError)) throw error;
        throw lambdaError("TooManyRequestsException", error.message, 429);
      });
      return answerOf(result);
    },
  };
}

function authorizeInvoke(platform: RolePlatform, roleName: string, nameOrArn: string): void {
  const resource = functionArn(nameOrArn);
  try {
    platform.authorize(roleName, { action: "lambda:InvokeFunction", resource });
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    throw lambdaError("AWSLambdaException", error.message, 403);
  }
}

function lambdaError(name: string, message: string, status: number): StatesError {
  return new StatesError(
    `Lambda.${name}`,
    `${message} (Service: Lambda, Status Code: ${status}, Request ID: ${newRequestId()})`,
  );
}

/** A function's error is named by its errorType; the cause is the whole error as JSON. */
function answerOf({ failed, payload, requestId }: InvocationResult): InvokeAnswer {
  const value: unknown = JSON.parse(payload);
  if (!failed) return { requestId, payload: value };
  const errorType = typeof value === "object" && value !== null && "errorType" in value && value.errorType;
  throw new StatesError(typeof errorType === "string" ? errorType : "Lambda.Unknown", payload);
}
