import type { EC2Client } from "@aws-sdk/client-ec2";
import {
  DescribeBackupPolicyCommand,
  DescribeFileSystemsCommand,
  DescribeLifecycleConfigurationCommand,
  DescribeMountTargetSecurityGroupsCommand,
  DescribeMountTargetsCommand,
  type EFSClient,
  type FileSystemDescription,
  FileSystemNotFound,
  type MountTargetDescription,
  PolicyNotFound,
} from "@aws-sdk/client-efs";
import { type Finding, fail, ok, warn } from "./check.ts";
import { checkNfsRules } from "./check-nfs-rules.ts";
import { type FileSystemUse, sizeFinding } from "./file-system-size.ts";

export interface FileSystemCheck {
  readonly efs: EFSClient;
  readonly fileSystemId: string;
  readonly ec2: EC2Client;
  /** Subnets and security groups of the functions that mount it. */
  readonly network: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] };
  /** Bytes of the published generations of all shards; undefined if a shard has not recorded them. */
  keptBytes(): Promise<FileSystemUse["keptBytes"]>;
}

/** Checks everything between the functions and their files. */
export async function checkFileSystem(parts: FileSystemCheck): Promise<Finding[]> {
  const described = await describe(parts);
  if (described === undefined) {
    return [
      fail(
        `The file system ${parts.fileSystemId} does not exist.`,
        "See docs/migration.md: `pulumi up` creates an empty one, and compaction rebuilds the collections from their deltas.",
      ),
    ];
  }
  const each = [
    async () => [stateFinding(described), throughputFinding(described)],
    async () => [
      sizeFinding({ meteredBytes: described.SizeInBytes?.Value ?? 0, keptBytes: await parts.keptBytes() }),
    ],
    () => mountTargetFindings(parts),
    () => lifecycleFindings(parts),
    () => backupFindings(parts),
  ];
  return (await Promise.all(each.map((look) => look().catch(unreadable)))).flat();
}

async function describe({ efs, fileSystemId }: FileSystemCheck): Promise<FileSystemDescription | undefined> {
  try {
    const { FileSystems } = await efs.send(new DescribeFileSystemsCommand({ FileSystemId: fileSystemId }));
    return FileSystems?.[0];
  } catch (error) {
    if (error instanceof FileSystemNotFound) return undefined;
    throw error;
  }
}

function stateFinding({ FileSystemId, LifeCycleState, Encrypted }: FileSystemDescription): Finding {
  if (LifeCycleState !== "available") {
    return fail(
      `${FileSystemId} is ${LifeCycleState}, not available.`,
      "Wait; if it persists, check AWS Health.",
    );
  }
  return ok(`${FileSystemId} is available and ${Encrypted ? "encrypted" : "not encrypted"}.`);
}

function throughputFinding({ ThroughputMode }: FileSystemDescription): Finding {
  if (ThroughputMode === "elastic") return ok("Its throughput is elastic.");
  return warn(
    `Its throughput mode is ${ThroughputMode}: it limits the speed of copying a generation.`,
    "Run `pulumi up`, which sets elastic throughput.",
  );
}

async function mountTargetFindings(parts: FileSystemCheck): Promise<Finding[]> {
  const { efs, fileSystemId, network } = parts;
  const { MountTargets = [] } = await efs.send(
    new DescribeMountTargetsCommand({ FileSystemId: fileSystemId }),
  );
  const away = MountTargets.filter(({ LifeCycleState }) => LifeCycleState !== "available").map(
    ({ MountTargetId, SubnetId, LifeCycleState }) =>
      fail(
        `Mount target ${MountTargetId} in ${SubnetId} is ${LifeCycleState}.`,
        "Functions in this subnet cannot start. Wait, or run `pulumi up`.",
      ),
  );
  const zones = new Set(MountTargets.map(({ SubnetId }) => SubnetId));
  const without = network.subnetIds.filter((subnet) => !zones.has(subnet));
  const missing = without.map((subnet) =>
    fail(
      `${fileSystemId} has no mount target in ${subnet}, where functions run.`,
      "Run `pulumi refresh` and `pulumi up`.",
    ),
  );
  const open = MountTargets.length - away.length;
  const here = open > 0 ? [ok(`${open} of ${MountTargets.length} mount targets are available.`)] : [];
  const none =
    MountTargets.length === 0
      ? [fail(`${fileSystemId} has no mount targets.`, "Run `pulumi refresh` and `pulumi up`.")]
      : [];
  return [...here, ...none, ...away, ...missing, ...(await groupFindings(parts, MountTargets))];
}

/** Checks that all mount targets have the same security groups, and that these admit the functions. */
async function groupFindings(
  { efs, ec2, network }: FileSystemCheck,
  targets: readonly MountTargetDescription[],
): Promise<Finding[]> {
  const groups = await Promise.all(
    targets.map(async ({ MountTargetId }) => {
      const { SecurityGroups = [] } = await efs.send(
        new DescribeMountTargetSecurityGroupsCommand({ MountTargetId }),
      );
      return SecurityGroups;
    }),
  );
  const targetGroups = [...new Set(groups.flat())];
  if (targetGroups.length === 0) return [];
  const different = new Set(groups.map((each) => each.toSorted().join(", ")));
  const unequal =
    different.size > 1
      ? [
          warn(
            `Its mount targets have different security groups: ${[...different].join("; ")}.`,
            "Run `pulumi refresh` and `pulumi up`: one group allows NFS (2049) from the functions.",
          ),
        ]
      : [];
  const functionGroups = network.securityGroupIds;
  return [...unequal, await checkNfsRules({ ec2, targetGroups, functionGroups })];
}

async function lifecycleFindings({ efs, fileSystemId }: FileSystemCheck): Promise<Finding[]> {
  const { LifecyclePolicies = [] } = await efs.send(
    new DescribeLifecycleConfigurationCommand({ FileSystemId: fileSystemId }),
  );
  const moves = LifecyclePolicies.flatMap(({ TransitionToIA, TransitionToArchive }) =>
    [TransitionToIA, TransitionToArchive].filter((after) => after !== undefined),
  );
  if (moves.length === 0) return [ok("No lifecycle policy moves files to a slower storage class.")];
  return [
    warn(
      `A lifecycle policy moves files to a slower storage class (${moves.join(", ")}). Each compaction reads a whole generation, which costs more there.`,
      "Remove the lifecycle configuration of the file system.",
    ),
  ];
}

async function backupFindings({ efs, fileSystemId }: FileSystemCheck): Promise<Finding[]> {
  const status = await efs.send(new DescribeBackupPolicyCommand({ FileSystemId: fileSystemId })).then(
    ({ BackupPolicy }) => BackupPolicy?.Status,
    (error: unknown) => {
      if (error instanceof PolicyNotFound) return "DISABLED";
      throw error;
    },
  );
  if (status === "ENABLED" || status === "ENABLING") return [ok("AWS Backup keeps daily copies of it.")];
  return [
    warn(
      `AWS Backup makes no copies of ${fileSystemId} (${status}).`,
      "Run `pulumi up`, which enables the backup policy.",
    ),
  ];
}

function unreadable(error: Error): Finding[] {
  return [fail(`${error.name}: ${error.message}`, "Check the permissions of this shell's credentials.")];
}
