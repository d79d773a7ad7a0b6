import { linkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  DescribeAccessPointsCommand,
  DescribeBackupPolicyCommand,
  DescribeFileSystemPolicyCommand,
  DescribeFileSystemsCommand,
  DescribeLifecycleConfigurationCommand,
  DescribeMountTargetSecurityGroupsCommand,
  DescribeMountTargetsCommand,
  EFSClient,
} from "@aws-sdk/client-efs";
import { TestAws } from "./local-aws.ts";

jest.setTimeout(60_000);

let aws: TestAws;
let efs: EFSClient;
let FileSystemId: string;

beforeAll(async () => {
  aws = await TestAws.start();
  efs = new EFSClient(aws.client);
  const created = await aws.create("aws:efs/fileSystem:FileSystem", "files", {
    encrypted: true,
    throughputMode: "elastic",
    lifecyclePolicies: [{ transitionToIa: "AFTER_30_DAYS" }],
    tags: { Name: "files" },
  });
  FileSystemId = String(created.id);
});
afterAll(async () => {
  efs.destroy();
  await aws.stop();
});

async function size(): Promise<number> {
  const { FileSystems } = await efs.send(new DescribeFileSystemsCommand({ FileSystemId }));
  return FileSystems?.[0]?.SizeInBytes?.Value ?? Number.NaN;
}

test("a file system is described as it was created, and its size is that of its folder", async () => {
  const empty = await size();
  const folder = join(aws.folder, "state", "efs", FileSystemId);
  writeFileSync(join(folder, "one"), Buffer.alloc(1_000_000));
  const withFile = await size();
  expect(withFile - empty).toBeGreaterThanOrEqual(1_000_000);
  expect(withFile - empty).toBeLessThan(1_010_000);
  const { FileSystems } = await efs.send(new DescribeFileSystemsCommand({}));
  expect(FileSystems).toMatchObject([
    {
      FileSystemId,
      LifeCycleState: "available",
      Encrypted: true,
      ThroughputMode: "elastic",
      Name: "files",
      CreationTime: expect.any(Date),
    },
  ]);
});

test("a second link to a file takes no room", async () => {
  const folder = join(aws.folder, "state", "efs", FileSystemId);
  const before = await size();
  linkSync(join(folder, "one"), join(folder, "two"));
  expect(await size()).toBe(before);
});

test("mount targets, their security groups and access points are described", async () => {
  const created = await aws.create("aws:efs/mountTarget:MountTarget", "files-1", {
    fileSystemId: FileSystemId,
    subnetId: "subnet-1",
    securityGroups: ["sg-1"],
  });
  await aws.create("aws:efs/accessPoint:AccessPoint", "files", {
    fileSystemId: FileSystemId,
    posixUser: { uid: 1000, gid: 1000 },
    rootDirectory: { path: "/collections" },
  });
  const { MountTargets } = await efs.send(new DescribeMountTargetsCommand({ FileSystemId }));
  expect(MountTargets).toMatchObject([
    { MountTargetId: created.id, SubnetId: "subnet-1", LifeCycleState: "available" },
  ]);
  const groups = new DescribeMountTargetSecurityGroupsCommand({ MountTargetId: created.id });
  expect((await efs.send(groups)).SecurityGroups).toEqual(["sg-1"]);
  const { AccessPoints } = await efs.send(new DescribeAccessPointsCommand({ FileSystemId }));
  expect(AccessPoints).toMatchObject([
    { RootDirectory: { Path: "/collections" }, PosixUser: { Uid: 1000, Gid: 1000 } },
  ]);
});

test("lifecycle, backup and policy are described; what nobody set is not found", async () => {
  const { LifecyclePolicies } = await efs.send(new DescribeLifecycleConfigurationCommand({ FileSystemId }));
  expect(LifecyclePolicies).toEqual([{ TransitionToIA: "AFTER_30_DAYS" }]);
  const backup = new DescribeBackupPolicyCommand({ FileSystemId });
  await expect(efs.send(backup)).rejects.toMatchObject({ name: "PolicyNotFound" });
  await aws.create("aws:efs/backupPolicy:BackupPolicy", "files", {
    fileSystemId: FileSystemId,
    backupPolicy: { status: "ENABLED" },
  });
  expect((await efs.send(backup)).BackupPolicy).toEqual({ Status: "ENABLED" });
  const policy = new DescribeFileSystemPolicyCommand({ FileSystemId });
  await expect(efs.send(policy)).rejects.toMatchObject({ name: "PolicyNotFound" });
  await aws.create("aws:efs/fileSystemPolicy:FileSystemPolicy", "files", {
    fileSystemId: FileSystemId,
    policy: JSON.stringify({ Version: "2012-10-17", Statement: [] }),
  });
  expect(JSON.parse((await efs.send(policy)).Policy ?? "")).toMatchObject({ Version: "2012-10-17" });
});

test("a file system that is not there is not found, by the name that the SDK knows", async () => {
  await expect(efs.send(new DescribeFileSystemsCommand({ FileSystemId: "fs-0" }))).rejects.toMatchObject({
    name: "FileSystemNotFound",
  });
});
