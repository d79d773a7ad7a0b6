import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Network } from "./network.ts";

/** Processes see the files as this user, whoever they run as. */
const user = { uid: 1000, gid: 1000 };

export interface CollectionsFileSystemArgs {
  readonly network: Network;
}

/**
 * The encrypted EFS file system that holds the generations of every collection.
 * Elastic throughput bills what is read and written, so an idle stack pays for storage only.
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
    const mountTargets = network.subnetIds.map(
      (subnetId, index) =>
        new aws.efs.MountTarget(
          `${name}-${index + 1}`,
          { fileSystemId: this.fileSystem.id, subnetId, securityGroups: [network.fileSystemGroup.id] },
          inside,
        ),
    );
    this.mountable = [this.accessPoint, ...mountTargets, ...network.rules];
    this.registerOutputs();
  }
}
