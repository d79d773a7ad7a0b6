import { z } from "zod";
import { jsonAction, jsonError, jsonInput, jsonReply } from "../../endpoint/json-protocol.ts";
import { AwsError, type LocalService, type Permission } from "../../protocol/service.ts";
import type { Executions } from "../executions/executions.ts";
import type { StateMachines } from "../state-machines.ts";
import { type ActionName, actionInputs, statesActions } from "./actions.ts";

/** The Step Functions API for executions; the deployment creates the state machines. */
export function statesService(machines: StateMachines, executions: Executions): LocalService {
  const actions = statesActions(machines, executions);
  return {
    names: ["states"],
    permissions: (call) => permissions(knownAction(jsonAction(call)), jsonInput(call)),
    async handle(call) {
      const action = knownAction(jsonAction(call));
      const parsed = actionInputs[action].safeParse(jsonInput(call));
      if (!parsed.success) throw new AwsError(400, "ValidationException", z.prettifyError(parsed.error));
      return jsonReply(call, (actions[action] as (input: unknown) => unknown)(parsed.data));
    },
    renderError: (error, call) => jsonError(call, error),
  };
}

/** Every action is allowed on the one resource that its input names. */
function permissions(action: ActionName, input: Record<string, unknown>): Permission[] {
  const { stateMachineArn, executionArn, mapRunArn } = input;
  const resource = executionArn ?? mapRunArn ?? stateMachineArn ?? "*";
  return [{ action: `states:${action}`, resource: String(resource) }];
}

function knownAction(action: string): ActionName {
  if (action in actionInputs) return action as ActionName;
  throw new AwsError(
    400,
    "UnknownOperationException",
    `The local Step Functions does not have the action "${action}".`,
  );
}
