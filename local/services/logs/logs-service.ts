import { jsonAction, jsonError, jsonInput, jsonReply } from "../../endpoint/json-protocol.ts";
import { AwsError, type LocalService, type Permission } from "../../protocol/service.ts";
import { logGroupArn, logsActions } from "./actions.ts";
import type { LogStore } from "./log-store.ts";

/** CloudWatch Logs over a store that others in this process may write to directly. */
export function logsService(store: LogStore): LocalService {
  return {
    names: ["logs"],
    permissions: (call) => logsPermissions(jsonAction(call), jsonInput(call)),
    async handle(call) {
      const action = logsActions[jsonAction(call)];
      if (action === undefined) throw unknownAction(jsonAction(call));
      const { logGroupIdentifier, ...input } = jsonInput(call);
      const named =
        logGroupIdentifier === undefined ? input : { ...input, logGroupName: nameOf(logGroupIdentifier) };
      return jsonReply(call, action(store, named));
    },
    renderError: (error, call) => jsonError(call, error),
  };
}

/** For IAM, every action on a group or stream applies to `log-group:NAME:log-stream:STREAM`. */
function logsPermissions(action: string, input: Record<string, unknown>): Permission[] {
  if (!(action in logsActions)) throw unknownAction(action);
  const group = input.logGroupName ?? nameOf(input.logGroupIdentifier ?? "");
  return [
    {
      action: `logs:${action}`,
      resource: `${logGroupArn(String(group))}:log-stream:${input.logStreamName ?? ""}`,
    },
  ];
}

/** A log group identifier is its name or its ARN. */
function nameOf(identifier: unknown): string {
  return String(identifier)
    .replace(/^arn:[^:]*:logs:[^:]*:[^:]*:log-group:/, "")
    .replace(/:\*$/, "");
}

function unknownAction(action: string): AwsError {
  return new AwsError(
    400,
    "UnknownOperationException",
    `The local CloudWatch Logs does not have the action "${action}".`,
  );
}
