import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Home } from "./home.ts";

/** A resource that the stack was told to use does not fit; the deployment stops before anything is changed. */
export class BroughtResourceUnfit extends Error {
  constructor(what: string, remedy: string) {
    super(`${what} ${remedy}`);
    this.name = "BroughtResourceUnfit";
  }
}

/** A receipts table as the rest of the stack sees it, made here or brought. */
export interface ReceiptsTable {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  readonly streamArn: pulumi.Output<string>;
}

/** An existing table. Its outputs fail with BroughtResourceUnfit unless its keys and its stream are what the product needs. */
export function broughtTable(name: string, options: pulumi.InvokeOptions): ReceiptsTable {
  const table = aws.dynamodb.getTableOutput({ name }, options).apply((found) => {
    if (found.hashKey !== "PK" || found.rangeKey !== "SK") {
      throw new BroughtResourceUnfit(
        `The table ${name} (storage:receiptsTable) has the keys ${found.hashKey} and ${found.rangeKey || "none"}.`,
        "Name a table whose partition key is PK and whose sort key is SK.",
      );
    }
    if (!found.streamEnabled || found.streamViewType !== "NEW_AND_OLD_IMAGES") {
      throw new BroughtResourceUnfit(
        `The table ${name} (storage:receiptsTable) has ${found.streamEnabled ? `a stream of ${found.streamViewType}` : "no stream"}.`,
        "Give it a stream with the view type NEW_AND_OLD_IMAGES.",
      );
    }
    return found;
  });
  return { name: table.name, arn: table.arn, streamArn: table.streamArn };
}

/** An existing bucket. Its outputs fail when it does not exist. */
export function broughtBucket(bucket: string, options: pulumi.InvokeOptions) {
  const found = aws.s3.getBucketOutput({ bucket }, options);
  return { name: found.bucket, arn: found.arn };
}

/** An existing VPC. Its outputs fail with BroughtResourceUnfit unless every subnet is in it, each in a zone of its own. */
export function broughtVpc(
  existing: { readonly vpcId: string; readonly subnetIds: readonly string[] },
  options: pulumi.InvokeOptions,
): Home {
  const { vpcId, subnetIds } = existing;
  const vpc = aws.ec2.getVpcOutput({ id: vpcId }, options);
  const checked = pulumi
    .all(subnetIds.map((id) => aws.ec2.getSubnetOutput({ id }, options)))
    .apply((subnets) => {
      const outside = subnets.filter((subnet) => subnet.vpcId !== vpcId).map((subnet) => subnet.id);
      const zones = new Set(subnets.map((subnet) => subnet.availabilityZone));
      if (outside.length > 0 || zones.size < subnets.length) {
        throw new BroughtResourceUnfit(
          outside.length > 0
            ? `The subnets ${outside.join(", ")} (network:subnetIds) are not in ${vpcId} (network:vpcId).`
            : `Two of the subnets ${subnetIds.join(", ")} (network:subnetIds) are in one availability zone.`,
          "Name private subnets of that VPC, each in a zone of its own.",
        );
      }
      return subnets.map((subnet) => subnet.id);
    });
  const ids = subnetIds.map((_, index) => checked.apply((all) => all[index] ?? ""));
  return {
    vpcId: vpc.id,
    cidr: vpc.cidrBlock,
    subnetIds: ids,
    taskSubnetIds: ids,
    tasksHavePublicAddresses: false,
    waysToServices: { anywhere: { cidrIpv4: "0.0.0.0/0" } },
  };
}
