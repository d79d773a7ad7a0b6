import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Network } from "./network.ts";
import { allow, policyOf, type Statement } from "./permissions.ts";

/** Egress of a function that is in the VPC and mounts nothing. */
export interface FunctionEgress {
  readonly network: Network;
  /** TCP ports that the function may reach, at any address. */
  readonly ports: readonly number[];
}

/** VPC configuration of a function, and the resources that must exist before it is attached. */
export interface FunctionPlacement {
  readonly vpcConfig: aws.types.input.lambda.FunctionVpcConfig;
  readonly after: readonly pulumi.Resource[];
}

const networkActions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * Lambda needs these actions, under the function's role, to attach the function to the VPC; most of them support no
 * narrower resource. The function's own code is denied them: its calls carry the function's ARN.
 */
export function attachToNetwork(name: string): Statement[] {
  const attach = allow(networkActions, ["*"]);
  const fromCode = { ArnLike: { "lambda:SourceFunctionArn": `arn:*:lambda:*:*:function:${name}` } };
  return [attach, { ...attach, Effect: "Deny", Condition: fromCode }];
}

/** Creates a security group for the function alone, without ingress. */
export function placeWithEgress(
  name: string,
  { network, ports }: FunctionEgress,
  role: aws.iam.Role,
  options: pulumi.CustomResourceOptions,
): FunctionPlacement {
  // A separate policy, because it must be deleted after the group: Lambda needs it to delete the network interfaces first.
  const policy = new aws.iam.RolePolicy(
    `${name}-network`,
    { role: role.id, policy: policyOf(attachToNetwork(name)) },
    options,
  );
  const group = network.group(name, `Function ${name}`, {
    dependsOn: [policy],
    // Lambda keeps the network interfaces for up to 40 minutes after the function is detached.
    customTimeouts: { delete: "60m" },
  });
  const rules = ports.map((port) =>
    network.letOut(`${name}-to-${port}`, group, { cidrIpv4: "0.0.0.0/0" }, port),
  );
  return {
    vpcConfig: { subnetIds: [...network.subnetIds], securityGroupIds: [group.id] },
    after: [policy, ...rules, ...network.placement.egress],
  };
}
