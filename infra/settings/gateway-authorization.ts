import { oneOf } from "./setting.ts";

export const gatewayAuthorizations = ["key", "key-and-iam"] as const;
/** The credentials that callers of an API behind API Gateway need. */
export type GatewayAuthorization = (typeof gatewayAuthorizations)[number];

/** `api`: in words. */
export function gatewayAuthorization(api: string) {
  return oneOf({
    default: "key",
    values: gatewayAuthorizations,
    means: `Authorization of ${api}: the API key, or the API key and a SigV4 signature of a principal with execute-api:Invoke.`,
    because: "Existing callers have a key; IAM requires AWS credentials for each caller.",
  });
}
