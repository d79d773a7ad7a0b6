import {
  DescribeSecurityGroupRulesCommand,
  type EC2Client,
  type SecurityGroupRule,
} from "@aws-sdk/client-ec2";
import { type Finding, fail, ok } from "./check.ts";

const nfs = 2049;

export interface NfsRulesCheck {
  readonly ec2: EC2Client;
  /** Security groups of all mount targets. */
  readonly targetGroups: readonly string[];
  /** Security groups of the functions that mount the file system. */
  readonly functionGroups: readonly string[];
}

/** Without this rule a function waits for its files until it times out, and no log shows the reason. */
export async function checkNfsRules({ ec2, targetGroups, functionGroups }: NfsRulesCheck): Promise<Finding> {
  const Filters = [{ Name: "group-id", Values: [...targetGroups] }];
  const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
  const groups = targetGroups.join(", ");
  if (SecurityGroupRules.some((rule) => letsIn(rule, functionGroups))) {
    return ok(`Its security group ${groups} allows NFS (${nfs}) from the functions.`);
  }
  return fail(
    `No rule of ${groups} allows NFS (${nfs}) from the functions' ${functionGroups.join(", ")}.`,
    "Run `pulumi refresh` and `pulumi up`, which restore the rule.",
  );
}

function letsIn(rule: SecurityGroupRule, from: readonly string[]): boolean {
  const { IsEgress, IpProtocol, FromPort = -1, ToPort = -1, ReferencedGroupInfo, CidrIpv4 } = rule;
  const isOpen = IpProtocol === "-1" || (IpProtocol === "tcp" && FromPort <= nfs && ToPort >= nfs);
  const isForThem = CidrIpv4 !== undefined || from.includes(ReferencedGroupInfo?.GroupId ?? "");
  return !IsEgress && isOpen && isForThem;
}
