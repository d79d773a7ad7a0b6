import { z } from "zod";
import { accountId, region } from "../../endpoint/account.ts";
import { parseInputs } from "../inputs.ts";
import { cloudId } from "../names.ts";
import type { Creators } from "../resource.ts";

const accessPoint = z.object({
  fileSystemId: z.string(),
  rootDirectory: z.object({ path: z.string() }).default({ path: "/" }),
});
const mountTarget = z.object({ fileSystemId: z.string() });

export const efsCreators: Creators = {
  async "aws:efs/fileSystem:FileSystem"(_, { fileSystems }) {
    const id = cloudId("fs");
    await fileSystems.create(id);
    return { id, outputs: { arn: efsArn(`file-system/${id}`) } };
  },

  async "aws:efs/accessPoint:AccessPoint"({ inputs }, { fileSystems }) {
    const id = cloudId("fsap");
    const { fileSystemId, rootDirectory } = parseInputs(accessPoint, inputs);
    await fileSystems.createAccessPoint(id, fileSystemId, rootDirectory.path);
    return { id, outputs: { arn: efsArn(`access-point/${id}`) } };
  },

  "aws:efs/mountTarget:MountTarget"({ inputs }, { fileSystems }) {
    fileSystems.addMountTarget(parseInputs(mountTarget, inputs).fileSystemId);
    return { id: cloudId("fsmt") };
  },
};

function efsArn(resource: string): string {
  return `arn:aws:elasticfilesystem:${region}:${accountId}:${resource}`;
}
