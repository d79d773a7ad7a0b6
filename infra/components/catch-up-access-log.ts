import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { allow, assumedByWithoutSource, policyOf } from "./permissions.ts";

export interface AccessLogArgs {
  readonly retentionDays: number;
  /** Whether the stack sets the account's role, by which API Gateway writes all logs of the region. */
  readonly setsRole: boolean;
}

/**
 * One line of JSON per request, without the key itself. API Gateway substitutes values as they are and `-` for those that are
 * absent, so every variable is within quotes and none is free text: an error message quotes the path that the caller sent, and
 * its quoted form, messageString, leaves a bare `-` in the line of every request that succeeds.
 */
const format = JSON.stringify({
  request_id: "$context.requestId",
  time: "$context.requestTime",
  api_key_id: "$context.identity.apiKeyId",
  caller: "$context.identity.userArn",
  source_ip: "$context.identity.sourceIp",
  route: "$context.httpMethod $context.resourcePath",
  status: "$context.status",
  duration_ms: "$context.responseLatency",
  integration_duration_ms: "$context.integrationLatency",
  error_type: "$context.error.responseType",
  integration_status: "$context.integrationStatus",
});

export interface AccessLog {
  readonly settings: { readonly destinationArn: pulumi.Output<string>; readonly format: string };
  /** What must exist before a stage logs. */
  readonly after: readonly pulumi.Resource[];
}

/** Where the requests of an API are logged, those too that the function never sees. */
export function accessLog(
  name: string,
  { retentionDays, setsRole }: AccessLogArgs,
  options: pulumi.CustomResourceOptions,
): AccessLog {
  const group = new aws.cloudwatch.LogGroup(
    `${name}-access`,
    { name: `/aws/apigateway/${name}`, retentionInDays: retentionDays },
    options,
  );
  return {
    settings: { destinationArn: group.arn, format },
    after: setsRole ? [accountRole(name, options)] : [],
  };
}

/** It stays when the stack is deleted: other APIs of the region may log by it. */
function accountRole(name: string, options: pulumi.CustomResourceOptions): pulumi.Resource {
  const kept = { ...options, retainOnDelete: true };
  const role = new aws.iam.Role(
    `${name}-log`,
    { assumeRolePolicy: assumedByWithoutSource("apigateway.amazonaws.com") },
    kept,
  );
  const write = allow(
    [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogGroups",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
      "logs:GetLogEvents",
      "logs:FilterLogEvents",
    ],
    // Whatever group an API of the account names, and API Gateway looks for all of these before it takes the role.
    ["*"],
  );
  const policy = new aws.iam.RolePolicy(`${name}-log`, { role: role.id, policy: policyOf([write]) }, kept);
  return new aws.apigateway.Account(name, { cloudwatchRoleArn: role.arn }, { ...kept, dependsOn: [policy] });
}
