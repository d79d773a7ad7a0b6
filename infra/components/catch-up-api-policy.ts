import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";

type PolicySettings = Pick<Settings["catchup"], "authorization" | "allowedCidrs" | "allowedAccounts">;

const action = "execute-api:Invoke";

/**
 * Returns the resource policy of the API. Undefined if nothing is configured: then only the key and, with IAM, the
 * callers' policies decide. If callers must sign, no statement allows everybody except for routes without credentials,
 * because IAM accepts either side's permission for callers of the same account and would admit every signed caller.
 */
export function catchUpApiPolicy(
  { executionArn }: aws.apigateway.RestApi,
  { authorization, allowedCidrs, allowedAccounts }: PolicySettings,
): pulumi.Output<string> | undefined {
  if (allowedCidrs.length === 0 && allowedAccounts.length === 0) return undefined;
  const everything = [pulumi.interpolate`${executionArn}/*`];
  const open = [
    pulumi.interpolate`${executionArn}/*/GET/health`,
    pulumi.interpolate`${executionArn}/*/OPTIONS/*`,
  ];
  const isSigned = authorization === "key-and-iam";
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: "*", Action: action, Resource: isSigned ? open : everything },
      ...(allowedAccounts.length > 0
        ? [{ Effect: "Allow", Principal: { AWS: allowedAccounts }, Action: action, Resource: everything }]
        : []),
      ...(allowedCidrs.length > 0
        ? [
            {
              Effect: "Deny",
              Principal: "*",
              Action: action,
              Resource: everything,
              Condition: { NotIpAddress: { "aws:SourceIp": allowedCidrs } },
            },
          ]
        : []),
    ],
  });
}
