import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { allow, assumedByWithoutSource, policyOf } from "./permissions.ts";

export interface AccessLogArgs {
  readonly retentionDays: number;
  /** Whether the stack sets the account's role, by which API Gateway writes all logs of the region. */
  readonly setsRole: boolean;
}

/**
 * One line of JSON per request, without the API key. API Gateway inserts values without escaping and `-` for absent
 * ones, so every variable is quoted and none is free text. Error messages are omitted: they quote the path of the
 * caller, and the quoted form, messageString, inserts a bare `-` into the line of every successful request.
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
  /** Resources that must exist before a stage logs. */
  readonly after: readonly pulumi.Resource[];
}

/** The access log of an API, which includes requests that never reach the function. */
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
    // All log groups: API Gateway checks the role for all of these actions before it accepts it, and any API of the
    // account may use the role.
    ["*"],
  );
  const policy = new aws.iam.RolePolicy(`${name}-log`, { role: role.id, policy: policyOf([write]) }, kept);
  return new aws.apigateway.Account(name, { cloudwatchRoleArn: role.arn }, { ...kept, dependsOn: [policy] });
}
