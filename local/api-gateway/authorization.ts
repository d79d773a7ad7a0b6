import { readCredential } from "../endpoint/credential.ts";
import type { HttpCall } from "../endpoint/router.ts";
import type { Iam, Principal } from "../iam/iam.ts";
import { accessDenied, missingAuthenticationToken, notSigned, unknownToken } from "./gateway-error.ts";
import type { ResourcePolicy } from "./resource-policy.ts";
import type { Method } from "./rest-api.ts";
import { isSignedWith } from "./signature.ts";

/** Every caller is on this machine. */
export const sourceIp = "127.0.0.1";

export interface AskedMethod {
  readonly call: HttpCall;
  readonly method: Method;
  readonly policy: ResourcePolicy | undefined;
  /** `arn:aws:execute-api:{region}:{account}:{apiId}/{stage}/{METHOD}/{path}` */
  readonly arn: string;
}

/**
 * Authorizes a call and returns its caller if the method requires a signature. Throws GatewayError unless the API's
 * policy and IAM allow the call.
 */
export function authorize({ call, method, policy, arn }: AskedMethod, iam: Iam): Principal | undefined {
  const caller = method.authorization === "AWS_IAM" ? callerOf(call, iam) : undefined;
  const name = caller?.arn ?? "anonymous";
  const decision = policy?.judge(arn, sourceIp);
  if (decision === "explicitly denied") throw accessDenied(name, arn, " with an explicit deny");
  if (caller === undefined) {
    if (decision === "not allowed") throw accessDenied(name, arn);
    return undefined;
  }
  // For callers of the same account, either side's permission is sufficient.
  const refusal = caller.refusal({ action: "execute-api:Invoke", resource: arn });
  if (refusal !== undefined && decision !== "allowed") throw accessDenied(name, arn, ` ${refusal}`);
  return caller;
}

function callerOf(call: HttpCall, iam: Iam): Principal {
  const credential = readCredential(call.headers.authorization, new URLSearchParams());
  if (credential?.service !== "execute-api") throw missingAuthenticationToken();
  const caller = iam.caller(credential.accessKeyId);
  if (caller === undefined) throw unknownToken();
  // A local secret is the id itself.
  if (!isSignedWith(credential.accessKeyId, call)) throw notSigned();
  return caller;
}
