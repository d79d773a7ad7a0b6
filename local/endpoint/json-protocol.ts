import { type ApiCall, AwsError, type Reply } from "../protocol/service.ts";

/** The action that an AWS JSON call names: `X-Amz-Target: Logs_20140328.PutLogEvents` is `PutLogEvents`. */
export function jsonAction(call: ApiCall): string {
  const target = call.headers["x-amz-target"];
  const action = target?.split(".").at(-1);
  if (action) return action;
  throw new AwsError(
    400,
    "MissingActionException",
    "The request has no X-Amz-Target header, so it names no action.",
  );
}

/** The input of an AWS JSON call. */
export function jsonInput(call: ApiCall): Record<string, unknown> {
  if (call.body.length === 0) return {};
  try {
    const input: unknown = JSON.parse(call.body.toString("utf8"));
    if (input !== null && typeof input === "object" && !Array.isArray(input)) return { ...input };
  } catch {}
  throw new AwsError(400, "SerializationException", "The request's body is not a JSON object.");
}

export function jsonReply(call: ApiCall, output: unknown): Reply {
  return { status: 200, headers: jsonHeaders(call), body: JSON.stringify(output ?? {}) };
}

/** `namespace` is a prefix of the code in some services, as in `com.amazonaws.sqs#QueueDoesNotExist`. */
export function jsonError(call: ApiCall, error: AwsError, namespace = ""): Reply {
  return {
    status: error.status,
    headers: { ...jsonHeaders(call), "x-amzn-errortype": error.code },
    body: JSON.stringify({
      __type: `${namespace}${error.code}`,
      message: error.message,
      Message: error.message,
    }),
  };
}

function jsonHeaders(call: ApiCall): Record<string, string> {
  return { "content-type": call.headers["content-type"] ?? "application/x-amz-json-1.1" };
}
