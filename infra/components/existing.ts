import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import { ProgramError } from "../program-error.ts";
import type { Named, ReceiptsTable } from "./named.ts";
import type { Placement } from "./placement.ts";
import { subnetsWithoutInternet } from "./subnet-routes.ts";

/** Existing resources do not meet the requirements. The message lists every problem; nothing has been declared. */
export class ExistingResourceError extends ProgramError {
  constructor(problems: readonly string[]) {
    super(
      `Existing resources cannot be used as they are:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
      "Change the resources, or set other ones: docs/deployment.md says what each must have.",
    );
  }
}

/** Existing resources that replace the stack's own. */
export interface Existing {
  readonly receiptsTable?: ReceiptsTable;
  readonly artifactsBucket?: Named;
  /** Holds the CSV files of the catch-up system. */
  readonly sourceBucket?: Named;
  readonly placement?: Placement;
}

/** Looks up the configured resources. Throws ExistingResourceError, or the provider's error if one does not exist. */
export async function lookUpExisting({ storage, network, catchup }: Settings): Promise<Existing> {
  const problems: string[] = [];
  const { vpcId, subnetIds } = network;
  const existing = {
    ...(storage.receiptsTable && { receiptsTable: await table(storage.receiptsTable, problems) }),
    ...(storage.artifactsBucket && { artifactsBucket: await bucket(storage.artifactsBucket) }),
    ...(catchup.enabled && catchup.sourceBucket && { sourceBucket: await bucket(catchup.sourceBucket) }),
    ...(vpcId && { placement: await vpc(vpcId, subnetIds, problems) }),
  };
  if (vpcId && catchup.enabled && catchup.inVpc) await checkInternet(vpcId, subnetIds, problems);
  if (problems.length > 0) throw new ExistingResourceError(problems);
  return existing;
}

async function table(name: string, problems: string[]): Promise<ReceiptsTable> {
  const found = await aws.dynamodb.getTable({ name });
  if (found.hashKey !== "PK" || found.rangeKey !== "SK") {
    problems.push(
      `The table ${name} (storage:receiptsTable) has the keys ${found.hashKey} and ${found.rangeKey || "none"}. ` +
        "Name a table whose partition key is PK and whose sort key is SK.",
    );
  }
  if (!found.streamEnabled || found.streamViewType !== "NEW_AND_OLD_IMAGES") {
    problems.push(
      `The table ${name} (storage:receiptsTable) has ${found.streamEnabled ? `a stream of ${found.streamViewType}` : "no stream"}. ` +
        "Give it a stream with the view type NEW_AND_OLD_IMAGES.",
    );
  }
  return { ...named(found), streamArn: pulumi.output(found.streamArn) };
}

async function bucket(name: string): Promise<Named> {
  const { arn } = await aws.s3.getBucket({ bucket: name });
  return named({ name, arn });
}

async function vpc(vpcId: string, subnetIds: readonly string[], problems: string[]): Promise<Placement> {
  const { cidrBlock } = await aws.ec2.getVpc({ id: vpcId });
  const subnets = await Promise.all(subnetIds.map((id) => aws.ec2.getSubnet({ id })));
  const outside = subnets.filter((subnet) => subnet.vpcId !== vpcId).map(({ id }) => id);
  if (outside.length > 0) {
    problems.push(
      `The subnets ${outside.join(", ")} (network:subnetIds) are not in ${vpcId} (network:vpcId). ` +
        "Name private subnets of that VPC.",
    );
  }
  if (new Set(subnets.map((subnet) => subnet.availabilityZone)).size < subnets.length) {
    problems.push(
      `Two of the subnets ${subnetIds.join(", ")} (network:subnetIds) are in one availability zone. ` +
        "Name one per zone: a file system has one mount target per zone.",
    );
  }
  const ids = subnetIds.map((id) => pulumi.output(id));
  return {
    vpcId: pulumi.output(vpcId),
    cidr: pulumi.output(cidrBlock),
    subnetIds: ids,
    taskSubnetIds: ids,
    tasksHavePublicAddresses: false,
    egress: [],
    serviceEgress: { anywhere: { cidrIpv4: "0.0.0.0/0" } },
  };
}

async function checkInternet(vpcId: string, subnetIds: readonly string[], problems: string[]): Promise<void> {
  const without = await subnetsWithoutInternet(vpcId, subnetIds);
  if (without.length === 0) return;
  problems.push(
    `The subnets ${without.join(", ")} (network:subnetIds) have no route to the internet that a function can use, and catchup:inVpc requires one. ` +
      "Name subnets that route 0.0.0.0/0 to a NAT gateway or an equivalent. An internet gateway does not serve functions, which have no public address.",
  );
}

function named({ name, arn }: { name: string; arn: string }): Named {
  return { name: pulumi.output(name), arn: pulumi.output(arn) };
}
