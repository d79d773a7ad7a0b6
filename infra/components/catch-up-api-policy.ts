import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";

type PolicySettings = Pick<Settings["catchup"], "authorization" | "allowedCidrs" | "allowedAccounts">;

const action = "execute-api:Invoke";

/**
 * Who may call the API, as far as its own policy says it; undefined where nothing is set, and the key, and with IAM the
 * callers' policies, decide alone. Where callers sign, no statement lets everybody in but by the routes that need no
 * credential: IAM takes either side's word for callers of the own account, so it would let in every signed caller.
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
