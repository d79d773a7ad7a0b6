import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Network } from "./network.ts";

/** The access point maps every process to this user. */
const user = { uid: 1000, gid: 1000 };

export interface CollectionsFileSystemArgs {
  readonly network: Network;
}

/**
 * The encrypted EFS file system that holds the generations of every collection.
 * Elastic throughput bills reads and writes, so an idle stack pays only for storage.
 */
export class CollectionsFileSystem extends pulumi.ComponentResource {
  readonly fileSystem: aws.efs.FileSystem;
  readonly accessPoint: aws.efs.AccessPoint;
  /** All that must exist before anything mounts the file system. */
  readonly mountable: readonly pulumi.Resource[];

  constructor(
    name: string,
    { network }: CollectionsFileSystemArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("vectorkeep:infra:CollectionsFileSystem", name, {}, options);
    const inside = { parent: this };
    this.fileSystem = new aws.efs.FileSystem(
      name,
      { encrypted: true, throughputMode: "elastic", tags: { Name: name } },
      inside,
    );
    // Daily, kept for 35 days by AWS Backup; a few cents per GB and month.
    new aws.efs.BackupPolicy(
      name,
      { fileSystemId: this.fileSystem.id, backupPolicy: { status: "ENABLED" } },
      inside,
    );
    this.accessPoint = new aws.efs.AccessPoint(
      name,
      {
        fileSystemId: this.fileSystem.id,
        posixUser: user,
        rootDirectory: {
          path: "/collections",
          creationInfo: { ownerUid: user.uid, ownerGid: user.gid, permissions: "0750" },
        },
      },
      inside,
    );
    const policy = new aws.efs.FileSystemPolicy(
      name,
      { fileSystemId: this.fileSystem.id, policy: clientPolicy(this.fileSystem, this.accessPoint) },
      inside,
    );
    const mountTargets = network.subnetIds.map(
      (subnetId, index) =>
        new aws.efs.MountTarget(
          `${name}-${index + 1}`,
          { fileSystemId: this.fileSystem.id, subnetId, securityGroups: [network.fileSystemGroup.id] },
          inside,
        ),
    );
    this.mountable = [this.accessPoint, policy, ...mountTargets, ...network.rules];
    this.registerOutputs();
  }
}

/**
 * Without a policy, EFS serves every client that reaches a mount target. With a policy that only denies, a client also needs
 * a role whose own policy allows access.
 */
function clientPolicy(fileSystem: aws.efs.FileSystem, accessPoint: aws.efs.AccessPoint) {
  const deny = (Sid: string, Condition: object) => ({
    Sid,
    Effect: "Deny",
    Principal: { AWS: "*" },
    Action: [
      "elasticfilesystem:ClientMount",
      "elasticfilesystem:ClientRootAccess",
      "elasticfilesystem:ClientWrite",
    ],
    Resource: fileSystem.arn,
    Condition,
  });
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      deny("OnlyOverTls", { Bool: { "aws:SecureTransport": "false" } }),
      deny("OnlyThroughAccessPoint", {
        StringNotEquals: { "elasticfilesystem:AccessPointArn": accessPoint.arn },
      }),
    ],
  });
}
