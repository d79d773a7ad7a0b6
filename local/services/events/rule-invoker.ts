import type { Functions } from "../../lambda/functions.ts";
import { DeliveryError, type InvokeFunction } from "./delivery.ts";

/** Invokes the functions that let EventBridge do so by an `aws.lambda.Permission`. */
export function ruleInvoker(functions: Functions): InvokeFunction {
  return (functionArn, event, ruleArn) => {
    const pool = functions.find(functionArn);
    if (pool === undefined) throw new DeliveryError("NO_RESOURCE", `There is no function ${functionArn}`);
    if (!functions.policies.allow(pool.definition.name, "events.amazonaws.com", ruleArn)) {
      throw new DeliveryError(
        "NO_PERMISSIONS",
        `The policy of ${functionArn} does not let ${ruleArn} invoke it`,
      );
    }
    functions.invokeLater(pool, event);
  };
}
