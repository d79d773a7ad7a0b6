import { z } from "zod";
import { accountId, region } from "../../protocol/account.ts";
import { jsonDocument, parseInputs } from "../inputs.ts";
import { cloudId, lastingId } from "../names.ts";
import type { Creators } from "../resource.ts";

const fileSystem = z.object({
  encrypted: z.boolean().default(false),
  throughputMode: z.enum(["bursting", "provisioned", "elastic"]).default("bursting"),
  provisionedThroughputInMibps: z.number().optional(),
  performanceMode: z.enum(["generalPurpose", "maxIO"]).default("generalPurpose"),
  lifecyclePolicies: z.array(z.record(z.string(), z.string())).default([]),
  tags: z.record(z.string(), z.string()).default({}),
});
const accessPoint = z.object({
  fileSystemId: z.string(),
  posixUser: z.object({ uid: z.number(), gid: z.number() }).optional(),
  rootDirectory: z.object({ path: z.string() }).default({ path: "/" }),
});
const mountTarget = z.object({
  fileSystemId: z.string(),
  subnetId: z.string(),
  securityGroups: z.array(z.string()).default([]),
});
const backupPolicy = z.object({
  fileSystemId: z.string(),
  backupPolicy: z.object({ status: z.enum(["ENABLED", "DISABLED"]) }),
});
const fileSystemPolicy = z.object({ fileSystemId: z.string(), policy: jsonDocument });

/** lifecycle policies in EFS's words: `transitionToIa` is `TransitionToIA`. */
const transitions: Readonly<Record<string, string>> = {
  transitionToIa: "TransitionToIA",
  transitionToArchive: "TransitionToArchive",
  transitionToPrimaryStorageClass: "TransitionToPrimaryStorageClass",
};

export const efsCreators: Creators = {
  async "aws:efs/fileSystem:FileSystem"({ name, inputs }, { fileSystems }) {
    const id = lastingId("fs", name);
    const wanted = parseInputs(fileSystem, inputs);
    await fileSystems.create(id, {
      encrypted: wanted.encrypted,
      throughputMode: wanted.throughputMode,
      provisionedThroughput: wanted.provisionedThroughputInMibps,
      performanceMode: wanted.performanceMode,
      lifecyclePolicies: wanted.lifecyclePolicies.map((policy) =>
        Object.fromEntries(Object.entries(policy).map(([name, value]) => [transitions[name] ?? name, value])),
      ),
      tags: wanted.tags,
    });
    return { id, outputs: { arn: efsArn(`file-system/${id}`) } };
  },

  async "aws:efs/accessPoint:AccessPoint"({ inputs }, { fileSystems }) {
    const id = cloudId("fsap");
    const { fileSystemId, posixUser, rootDirectory } = parseInputs(accessPoint, inputs);
    await fileSystems.createAccessPoint({ id, fileSystemId, path: rootDirectory.path, posixUser });
    return { id, outputs: { arn: efsArn(`access-point/${id}`) } };
  },

  "aws:efs/mountTarget:MountTarget"({ inputs }, { fileSystems }) {
    const id = cloudId("fsmt");
    fileSystems.addMountTarget({ id, ...parseInputs(mountTarget, inputs) });
    return { id };
  },

  "aws:efs/backupPolicy:BackupPolicy"({ inputs }, { fileSystems }) {
    const wanted = parseInputs(backupPolicy, inputs);
    fileSystems.existing(wanted.fileSystemId).backup = wanted.backupPolicy.status;
    return { id: wanted.fileSystemId };
  },

  /** Shown, and not evaluated: processes here open the folder itself. */
  "aws:efs/fileSystemPolicy:FileSystemPolicy"({ inputs }, { fileSystems }) {
    const { fileSystemId, policy } = parseInputs(fileSystemPolicy, inputs);
    fileSystems.existing(fileSystemId).policy = JSON.stringify(policy);
    return { id: fileSystemId };
  },
};

function efsArn(resource: string): string {
  return `arn:aws:elasticfilesystem:${region}:${accountId}:${resource}`;
}
