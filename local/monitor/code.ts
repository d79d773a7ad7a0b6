import { cp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** Unpacks a deployed archive into its own folder, like an upload: a later build does not change it. */
export async function copyCode(archive: unknown, parent: string, name: string): Promise<string> {
  if (!pulumi.asset.FileArchive.isInstance(archive)) throw new Error("its code is not a FileArchive");
  const { path } = archive as pulumi.asset.FileArchive;
  return copyFolder(await path, parent, name);
}

/** Copies a folder into `parent/name` and answers that path. */
export async function copyFolder(source: string, parent: string, name: string): Promise<string> {
  if (!(await stat(source)).isDirectory()) throw new Error(`${source} is not a folder`);
  const target = join(parent, name);
  await rm(target, { recursive: true, force: true });
  await cp(source, target, { recursive: true, preserveTimestamps: true });
  return target;
}
